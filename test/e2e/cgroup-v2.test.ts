/** Limits on a host that has only cgroup v2: the same daemon, in a small machine with such a kernel. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { debianArchive } from '../support/base-image.ts';
import { projectRoot } from '../support/engines.ts';
import { missing, runProgram } from '../support/program.ts';

const machine = join(projectRoot, '../shared/tools/vm-run');
const skip = existsSync(machine) ? missing({ root: true }) : 'needs a machine whose kernel has only cgroup v2';

test('memory, pids, cpu, device rules and the freezer work on cgroup v2 alone', {
  skip,
  timeout: 900_000,
}, async () => {
  const script = join(projectRoot, 'test/fixtures/cgroup-v2.sh');
  const result = await runProgram(
    machine,
    ['--service', '--timeout', '800', '--', 'sh', script, projectRoot, await debianArchive()],
    { timeoutMs: 850_000 },
  );
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
  ]) {
    assert.ok(result.stdout.includes(`${line}\n`), `no "${line}" in:\n${result.stdout}${result.stderr}`);
  }
});
