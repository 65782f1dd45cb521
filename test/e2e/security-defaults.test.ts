/** The daemon's options about how containers are confined that do not say it themselves, by what a process then can do. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { debianArchive } from '../support/base-image.ts';
import { type Engine, startTsdockerd } from '../support/engines.ts';
import { missing } from '../support/program.ts';

const skip = missing({ root: true });
const directory = skip ? '' : mkdtempSync(join(tmpdir(), 'tsd-security-'));
const profile = join(directory, 'profile.json');
const EDOM = 33;
let engine: Engine;

before(async () => {
  if (skip) return;
  const rule = { names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: EDOM };
  writeFileSync(profile, JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [rule] }));
  const options = ['--no-new-privileges', '--default-ipc-mode=shareable', '--init'];
  engine = await startTsdockerd({ args: [`--seccomp-profile=${profile}`, ...options] });
  await engine.ok(['import', await debianArchive(), 'base:test']);
});

after(async () => {
  await engine?.dispose();
  if (directory) rmSync(directory, { recursive: true });
});

const run = (flags: string[], ...command: string[]): Promise<string> =>
  engine.ok(['run', '--rm', '--network', 'none', ...flags, 'base:test', ...command]);

const makeDirectory = ['perl', '-e', 'print mkdir("/tmp/x") ? 0 : $! + 0'];
const noNewPrivileges = ['sh', '-c', 'grep NoNewPrivs /proc/self/status | tr -dc 01'];

describe('defaults of the daemon', { skip, concurrency: true }, () => {
  test('its seccomp profile holds where a container names none', async () => {
    assert.equal(await run([], ...makeDirectory), String(EDOM));
    assert.equal(await run(['--security-opt', 'seccomp=builtin'], ...makeDirectory), '0');
    assert.equal(await run(['--security-opt', 'seccomp=unconfined'], ...makeDirectory), '0');
  });

  test('each action of a profile does what its name says', async () => {
    const flags = ['SECCOMP_FILTER_FLAG_LOG', 'SECCOMP_FILTER_FLAG_TSYNC', 'SECCOMP_FILTER_FLAG_SPEC_ALLOW'];
    const outcome = async (action: string, errnoRet?: number) => {
      const file = join(directory, `${action}.json`);
      const rule = { names: ['mkdir', 'mkdirat'], action, ...(errnoRet !== undefined && { errnoRet }) };
      writeFileSync(file, JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW', flags, syscalls: [rule] }));
      const args = ['run', '--rm', '--network', 'none', '--init=false', '--security-opt', `seccomp=${file}`];
      const { code, stdout } = await engine.cli([...args, 'base:test', ...makeDirectory]);
      return `${code} ${stdout}`;
    };
    const SIGSYS = 31;
    assert.equal(await outcome('SCMP_ACT_ERRNO', 40), '0 40');
    assert.equal(await outcome('SCMP_ACT_LOG'), '0 0');
    // Nobody traces it.
    assert.equal(await outcome('SCMP_ACT_TRACE', 7), '0 38');
    for (const action of ['TRAP', 'KILL_PROCESS', 'KILL_THREAD'])
      assert.equal(await outcome(`SCMP_ACT_${action}`), `${128 + SIGSYS} `, action);
  });

  test('no-new-privileges can be taken back', async () => {
    assert.equal(await run([], ...noNewPrivileges), '1');
    assert.equal(await run(['--security-opt', 'no-new-privileges=false'], ...noNewPrivileges), '0');
  });

  test('init and ipc mode', async () => {
    assert.match(await run([], 'cat', '/proc/1/cmdline'), /docker-init/);
    assert.doesNotMatch(await run(['--init=false'], 'cat', '/proc/1/cmdline'), /docker-init/);
    const [one, two] = await Promise.all([
      engine.ok(['create', 'base:test', 'true']),
      engine.ok(['create', '--ipc', 'private', 'base:test', 'true']),
    ]);
    const format = ['inspect', '--format', '{{.HostConfig.IpcMode}} {{json .HostConfig.Init}}'];
    assert.equal(await engine.ok([...format, one, two]), 'shareable null\nprivate null');
  });

  test('info names them', async () => {
    const { SecurityOptions } = await engine.get<{ SecurityOptions: string[] }>('/info');
    assert.ok(SecurityOptions.includes(`name=seccomp,profile=${profile}`), SecurityOptions.join());
    assert.ok(SecurityOptions.includes('name=no-new-privileges'), SecurityOptions.join());
  });
});

test('a profile that is none keeps the daemon from starting', { skip }, async () => {
  const broken = join(directory, 'broken.json');
  writeFileSync(broken, '{"defaultAction":"SCMP_ACT_MAYBE"}');
  const pattern = /opening seccomp profile \(.*broken\.json\) failed: .*SCMP_ACT_MAYBE/;
  const started = startTsdockerd({ args: [`--seccomp-profile=${broken}`] });
  // One that starts all the same must not stay.
  const outlived = started.then((other) => other.dispose());
  await assert.rejects(started, pattern);
  await assert.rejects(outlived);
});
