/** Limits on a host that has only cgroup v2: the same daemon, in a small machine with such a kernel. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { debianArchive } from '../support/base-image.ts';
import { projectRoot } from '../support/engines.ts';
import { type Finished, missing, runProgram } from '../support/program.ts';

const machine = join(projectRoot, '../shared/tools/vm-run');
const skip = existsSync(machine) ? missing({ root: true }) : 'needs a machine whose kernel has only cgroup v2';

test('memory, pids, cpu, device rules and the freezer work on cgroup v2 alone', {
  skip,
  timeout: 1_300_000,
}, async (t) => {
  const result = await inMachine(t);
  assert.equal(result.code, 0, result.stdout.slice(-3000) + result.stderr.slice(-3000));
  for (const line of [
    'max 104857600',
    'oom true 137',
    'pids refused',
    'paused paused',
    'device refused',
    'weight 50',
    'cpus 50000 100000',
    'exec in cgroup',
    'cpu half',
    'cpuset one',
    'update grew 137 2 30000 100000',
    'write slow',
    'rule permits',
    'users 1500:0 0 300000 1000 1000 400000 64536',
  ]) {
    assert.ok(result.stdout.includes(`${line}\n`), `no "${line}" in:\n${result.stdout}${result.stderr}`);
  }
});

/**
 * The machine is emulated, and on a busy host one in many stands still. That says nothing about what is tested: it is
 * told, with what hung, and another one is started. An answer that is wrong is never asked for twice.
 */
async function inMachine(t: TestContext): Promise<Finished> {
  const script = join(projectRoot, 'test/fixtures/cgroup-v2.sh');
  const args = ['--service', '--timeout', '400', '--', 'sh', script, projectRoot, await debianArchive()];
  for (let attempt = 1; ; attempt++) {
    const result = await runProgram(machine, args, { timeoutMs: 420_000 });
    const isStill = result.stdout === '' || result.code === 124 || result.stderr.includes('hangs: tsdocker');
    if (!isStill || attempt === 3) return result;
    t.diagnostic(`the machine stood still (${result.code}): ${result.stdout}${result.stderr.slice(-20_000)}`);
  }
}
