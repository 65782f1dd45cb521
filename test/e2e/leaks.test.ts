/** After any number of containers the host is as it was. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { debianArchive } from '../support/base-image.ts';
import { type Engine, startTsdockerd } from '../support/engines.ts';
import { eventually } from '../support/eventually.ts';
import { type Census, takeCensus } from '../support/host-census.ts';
import { missing } from '../support/program.ts';

const skip = missing({ root: true });
/** Its own, so that another daemon's groups are not counted. */
const CGROUP_PARENT = `tsdocker-leaks-${process.pid}`;
let engine: Engine;

before(async () => {
  if (skip) return;
  engine = await startTsdockerd({ args: ['--cgroup-parent', CGROUP_PARENT] });
  await engine.ok(['import', '--change', 'CMD ["/bin/bash"]', await debianArchive(), 'base:test']);
  // What is made once and kept (bridge, tables, pools, the image's init layer) is there before the first count.
  for (let i = 0; i < 3; i++) await engine.ok(['run', '--rm', '-p', '127.0.0.1::80', 'base:test', 'true']);
});

after(async () => {
  await engine?.dispose();
  // The daemon keeps a parent that a user named.
  for (const root of readdirSync('/sys/fs/cgroup')) {
    const parent = join('/sys/fs/cgroup', root, CGROUP_PARENT);
    if (existsSync(parent)) rmdirSync(parent);
  }
  const unified = join('/sys/fs/cgroup', CGROUP_PARENT);
  if (existsSync(unified)) rmdirSync(unified);
});

/** What earlier containers left to be cleaned in the background is gone when two counts a while apart agree. */
async function settled(): Promise<Census> {
  let last = await takeCensus(engine, CGROUP_PARENT);
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 2000));
    const next = await takeCensus(engine, CGROUP_PARENT);
    if (isDeepStrictEqual(last, next)) return next;
    last = next;
  }
}

async function unchangedBy(work: () => Promise<void>): Promise<void> {
  const before = await settled();
  await work();
  await eventually(async () => assert.deepEqual(await takeCensus(engine, CGROUP_PARENT), before), 15_000, 200);
}

test('200 sequential run --rm leave nothing', { skip, timeout: 300_000 }, async () => {
  await unchangedBy(async () => {
    for (let i = 0; i < 200; i++) {
      const result = await engine.cli([
        'run',
        '--rm',
        ...(i % 4 === 0 ? ['-p', '127.0.0.1::80/tcp', '-p', '127.0.0.1::80/udp'] : []),
        'base:test',
        'echo',
        `${i}`,
      ]);
      assert.deepEqual(result, { stdout: `${i}\n`, stderr: '', code: 0 });
    }
  });
});

test('50 containers at once leave nothing', { skip, timeout: 300_000 }, async () => {
  await unchangedBy(async () => {
    const names = Array.from({ length: 50 }, (_, i) => `many-${i}`);
    await Promise.all(
      names.map((name) =>
        engine.ok(['run', '-d', '--name', name, 'base:test', 'sleep', '1000'], { timeoutMs: 120_000 }),
      ),
    );
    const addresses = await engine.ok(['inspect', '-f', '{{.NetworkSettings.Networks.bridge.IPAddress}}', ...names]);
    assert.equal(new Set(addresses.split('\n')).size, 50);
    assert.equal((await engine.ok(['ps', '-q'])).split('\n').length, 50);
    await engine.ok(['rm', '-f', ...names], { timeoutMs: 120_000 });
  });
});

test('failing starts leave nothing', { skip, timeout: 300_000 }, async () => {
  await unchangedBy(async () => {
    for (const args of [
      ['run', '--rm', 'base:test', 'no-such-command'],
      ['run', '--rm', 'base:test', '/etc'],
      ['run', '--rm', '-u', 'nobody-here', 'base:test', 'true'],
      ['run', '--rm', '--sysctl', 'net.no.such=1', 'base:test', 'true'],
      ['run', '--rm', '-v', '/proc/no/such:/x', 'base:test', 'true'],
      ['run', '--rm', '--device', '/dev/no-such', 'base:test', 'true'],
      ['run', '--rm', '--network', 'no-such', 'base:test', 'true'],
    ]) {
      const result = await engine.cli(args);
      assert.ok([125, 126, 127].includes(result.code), `${args.join(' ')}: ${result.code}`);
    }
    assert.equal(await engine.ok(['ps', '-aq']), '');
  });
});

test('a connection that breaks in the middle of attach, logs and events costs no descriptor', {
  skip,
  timeout: 300_000,
}, async () => {
  await engine.ok(['run', '-d', '--name', 'talker', 'base:test', 'sh', '-c', 'while :; do echo x; sleep 0.01; done']);
  const cutAll = async (): Promise<void> => {
    for (const args of [
      ['attach', '--sig-proxy=false', 'talker'],
      ['logs', '-f', 'talker'],
      ['events'],
      ['exec', 'talker', 'sleep', '2'],
    ]) {
      const cut = await engine.cli(args, { timeoutMs: 500 });
      assert.equal(cut.code, 137);
    }
  };
  // The first watch of a file makes the event loop's one inotify descriptor, which stays.
  await cutAll();
  await unchangedBy(async () => {
    for (let i = 0; i < 3; i++) await cutAll();
  });
  await engine.ok(['rm', '-f', 'talker']);
});
