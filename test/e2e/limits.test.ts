/** Limits, by what a process then can not do. The daemon's defaults for containers that ask for none are part of it. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, rmdirSync, statSync } from 'node:fs';
import { rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { debianArchive } from '../support/base-image.ts';
import { type Engine, startTsdockerd } from '../support/engines.ts';
import { eventually } from '../support/eventually.ts';
import { type Finished, missing, runProgram } from '../support/program.ts';

const skip = missing({ root: true });
const PARENT = `/tsdocker-limits-test-${process.pid}`;
const DEFAULTS = ['--default-ulimit=nofile=64:128', '--default-shm-size=1m', '--default-cgroupns-mode=private'];
const MEBIBYTE = 1024 * 1024;
let engine: Engine;

before(async () => {
  if (skip) return;
  engine = await startTsdockerd({ args: [...DEFAULTS, `--cgroup-parent=${PARENT}`] });
  await engine.ok(['import', await debianArchive(), 'base:test']);
});

after(async () => {
  await engine?.dispose();
  // Parents outlive their containers, as docker's do.
  for (const hierarchy of existsSync('/sys/fs/cgroup') ? ['.', ...readdirSync('/sys/fs/cgroup')] : []) {
    const parent = join('/sys/fs/cgroup', hierarchy, PARENT);
    for (const directory of [join(parent, 'own'), parent]) if (existsSync(directory)) rmdirSync(directory);
  }
});

const run = (flags: string[], ...command: string[]): Promise<Finished> =>
  engine.cli(['run', '--rm', '--network', 'none', ...flags, 'base:test', ...command]);

/** @returns the id */
const detached = (flags: string[], ...command: string[]): Promise<string> =>
  engine.ok(['run', '-d', '--network', 'none', ...flags, 'base:test', ...command]);

const perl = (script: string): string[] => ['perl', '-e', script];
const allocate = (mebibytes: number): string[] => perl(`$x = "a" x (${mebibytes} << 20); print length $x`);

interface Sample {
  read: string;
  cpu_stats: { cpu_usage: { total_usage: number }; throttling_data: { throttled_periods: number } };
  pids_stats: { current: number };
}
const periods = (s: Sample): number => s.cpu_stats.throttling_data.throttled_periods;
const sample = (id: string): Promise<Sample> => engine.get(`/containers/${id}/stats?stream=false&one-shot=true`);

describe('limits bite', { skip, concurrency: true }, () => {
  test('a busy loop under --cpus 0.5 gets half a CPU', async () => {
    const id = await detached(['--cpus', '0.5'], 'sh', '-c', 'while :; do :; done');
    const first = await sample(id);
    let last = first;
    await eventually(async () => {
      last = await sample(id);
      return periods(last) - periods(first) > 10;
    }, 60_000);
    const wallNanos = (Date.parse(last.read) - Date.parse(first.read)) * 1e6;
    const share = (last.cpu_stats.cpu_usage.total_usage - first.cpu_stats.cpu_usage.total_usage) / wallNanos;
    // On a busy machine it may get less than what it is allowed.
    assert.ok(share > 0.1 && share < 0.6, `${share} of a CPU`);
    await engine.ok(['rm', '-f', id]);
  });

  test('a fork bomb stops at --pids-limit', async () => {
    const id = await detached(['--pids-limit', '20', '--cpus', '0.2'], ...perl('fork while 1'));
    const current = async () => (await sample(id)).pids_stats.current;
    await eventually(async () => (await current()) === 20, 60_000);
    for (let i = 0; i < 5; i++) assert.ok((await current()) <= 20);
    await engine.ok(['rm', '-f', id]);
    const forks = perl('for (1..30) { my $p = fork; $n++ if $p; if (defined $p && !$p) { sleep 60; exit } } print $n');
    assert.equal((await run(['--pids-limit', '8'], ...forks)).stdout, '7');
  });

  test('over-allocation is killed: state, exit code and event say so', async () => {
    const since = Math.floor(Date.now() / 1000) - 1;
    const { code } = await engine.cli(
      ['run', '--name', 'hog', '-m', '20m', '--memory-swap', '20m', 'base:test', ...allocate(64)],
      {},
    );
    assert.equal(code, 137);
    assert.equal(await engine.ok(['inspect', '-f', '{{.State.OOMKilled}} {{.State.ExitCode}}', 'hog']), 'true 137');
    const until = Math.ceil(Date.now() / 1000);
    const window = ['--since', String(since), '--until', String(until), '--filter', 'container=hog'];
    const actions = (await engine.ok(['events', ...window, '--format', '{{.Action}}'])).split('\n');
    assert.ok(actions.includes('oom') && actions.includes('die'), actions.join());
  });

  test('update changes the memory and pids limits of a running container', async () => {
    const id = await detached(['-m', '128m', '--memory-swap', '128m', '--pids-limit', '50'], 'sleep', '1000');
    assert.equal(await engine.ok(['exec', id, ...allocate(40)]), String(40 * MEBIBYTE));
    await engine.ok(['update', '-m', '30m', '--memory-swap', '30m', id]);
    assert.equal((await engine.cli(['exec', id, ...allocate(40)])).code, 137);
    await engine.ok(['update', '-m', '200m', '--memory-swap', '-1', '--pids-limit', '2', id]);
    assert.equal(await engine.ok(['exec', id, ...allocate(40)]), String(40 * MEBIBYTE));
    const fork = perl('print defined(fork) ? "forked" : "refused"');
    assert.equal(await engine.ok(['exec', id, ...fork]), 'refused');
    await engine.ok(['update', '--pids-limit', '-1', id]);
    assert.match(await engine.ok(['exec', id, ...fork]), /^(forked)+$/);
    await engine.ok(['rm', '-f', id]);
  });

  test('a cpuset confines, and an update moves it', async () => {
    const id = await detached(['--cpuset-cpus', '0', '--cpuset-mems', '0'], 'sleep', '1000');
    assert.equal(await engine.ok(['exec', id, 'nproc']), '1');
    const cpus = (await engine.ok(['exec', id, 'cat', '/sys/devices/system/cpu/online'])).replace('\n', '');
    await engine.ok(['update', '--cpuset-cpus', cpus, id]);
    const counted = Number(await engine.ok(['exec', id, 'nproc']));
    assert.equal(counted > 1, cpus !== '0');
    await engine.ok(['rm', '-f', id]);
  });

  test('open files end at the ulimit, the daemon default or the own one', async () => {
    const script = perl('while (open my $h, "<", "/dev/null") { push @f, $h } print scalar @f');
    const [byDefault, own] = await Promise.all([run([], ...script), run(['--ulimit', 'nofile=16'], ...script)]);
    // Three are the streams, one is perl's script or a spare.
    assert.ok(Number(byDefault.stdout) >= 59 && Number(byDefault.stdout) <= 61, byDefault.stdout);
    assert.ok(Number(own.stdout) >= 11 && Number(own.stdout) <= 13, own.stdout);
    assert.equal((await run([], 'sh', '-c', 'ulimit -Hn')).stdout, '128\n');
  });

  test('/dev/shm is as large as asked for, or as the daemon says', async () => {
    const fill = ['sh', '-c', 'head -c 1500000 /dev/zero > /dev/shm/x'];
    const [byDefault, own] = await Promise.all([run([], ...fill), run(['--shm-size', '2m'], ...fill)]);
    assert.match(byDefault.stderr, /No space left on device/);
    assert.equal(own.code, 0, own.stderr);
  });

  test('the parent cgroup and the cgroup namespace are those of the daemon, unless the container names others', async () => {
    const id = await detached([], 'sleep', '1000');
    const pid = await engine.ok(['inspect', '-f', '{{.State.Pid}}', id]);
    const { stdout } = await runProgram('cat', [`/proc/${pid}/cgroup`]);
    assert.ok(stdout.includes(`:${PARENT}/${id}\n`), stdout);
    assert.match((await run([], 'cat', '/proc/self/cgroup')).stdout, /^\d+:[^:]*:\/$/m);
    const named = await run(['--cgroupns', 'host', '--cgroup-parent', `${PARENT}/own`], 'cat', '/proc/self/cgroup');
    assert.ok(named.stdout.includes(`:${PARENT}/own/`), named.stdout);
    await engine.ok(['rm', '-f', id]);
  });

  test('sysctls of the own namespaces are set, and others refused', async () => {
    const set = await run(['--sysctl', 'net.core.somaxconn=77'], 'cat', '/proc/sys/net/core/somaxconn');
    assert.equal(set.stdout, '77\n');
    assert.equal((await run(['--sysctl', 'vm.swappiness=5'], 'true')).code, 125);
  });
});

/** A block device of our own: a file behind a loop device. */
async function withLoopDevice(body: (path: string) => Promise<void>): Promise<void> {
  const file = join(engine.directory, 'disk');
  await writeFile(file, '');
  await truncate(file, 64 * MEBIBYTE);
  const made = await runProgram('losetup', ['--find', '--show', file]);
  const path = made.stdout.trim();
  assert.equal(made.code, 0, made.stderr);
  try {
    await body(path);
  } finally {
    await runProgram('losetup', ['--detach', path]);
    await rm(file);
  }
}

const skipLoop =
  skip || missing({ programs: ['losetup'] }) || (existsSync('/dev/loop-control') ? false : 'needs loop devices');

test('a device: refused, given, by rule, and slow under --device-write-bps', { skip: skipLoop }, async () => {
  await withLoopDevice(async (path) => {
    const rdev = statSync(path).rdev;
    const number = `${(rdev >> 8) & 0xfff}:${rdev & 0xff}`;
    const [major, minor] = number.split(':');
    const open = ['sh', '-c', `mknod /d b ${major} ${minor} && head -c1 /d | wc -c`];
    const [refused, byRule, writing] = await Promise.all([
      run([], ...open),
      run(['--device-cgroup-rule', `b ${number} rm`], ...open),
      run(['--device', `${path}:/disk:r`], 'sh', '-c', 'head -c1 /disk | wc -c; echo x > /disk'),
    ]);
    assert.match(refused.stderr, /Operation not permitted/);
    assert.equal(byRule.stdout, '1\n', byRule.stderr);
    assert.match(writing.stdout, /^1\n/);
    assert.match(writing.stderr, /Operation not permitted/);

    const write = ['dd', 'if=/dev/zero', 'of=/disk', 'bs=256k', 'count=16', 'oflag=direct'];
    const seconds = async (flags: string[]): Promise<number> => {
      const { stderr } = await run(['--device', `${path}:/disk`, ...flags], ...write);
      return Number(/copied, ([\d.]+) s/.exec(stderr)?.[1] ?? assert.fail(stderr));
    };
    assert.ok((await seconds(['--device-write-bps', `${path}:2mb`])) > 1.5);
    assert.ok((await seconds(['--device-write-iops', `${path}:16`])) > 0.8);
  });
});
