/** Containers in user namespaces: who they are on the host, what they may touch, and what their files look like on disk. */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { debianArchive } from '../support/base-image.ts';
import { type Engine, startDockerd, startTsdockerd } from '../support/engines.ts';
import { missing } from '../support/program.ts';

const skip = missing({ root: true, programs: ['unshare'] });
const FIRST = 200_000;
const MAP = ['0', String(FIRST), '65536'];
const directory = skip ? '' : mkdtempSync(join(tmpdir(), 'tsd-userns-'));
let engine: Engine;

/** A daemon that sees account files of its own: nothing of the host's is changed. */
function withIds(ranges: string): string[] {
  const file = join(directory, `ids-${Buffer.from(ranges).toString('hex').slice(0, 16)}`);
  writeFileSync(file, ranges);
  const cover = (target: string) => `touch ${target} && mount --bind ${file} ${target}`;
  return ['unshare', '-m', 'sh', '-c', `${cover('/etc/subuid')} && ${cover('/etc/subgid')} && exec "$@"`, 'sh'];
}

before(async () => {
  if (skip) return;
  const wrapper = withIds(`nobody:${FIRST}:65536\nnogroup:${FIRST}:65536\n`);
  engine = await startTsdockerd({ wrapper, args: ['--userns-remap=nobody:nogroup'] });
  await engine.ok(['import', await debianArchive(), 'base:test']);
});

after(async () => {
  await engine?.dispose();
  if (directory) rmSync(directory, { recursive: true });
});

const run = (flags: string[], script: string): Promise<string> =>
  engine.ok(['run', '--rm', ...flags, 'base:test', 'sh', '-c', script]);
const words = (text: string): string[] => text.split(/\s+/).filter(Boolean);

describe('a remapped daemon', { skip, concurrency: true }, () => {
  test('root is root inside and nobody special outside', async () => {
    assert.deepEqual(words(await run([], 'cat /proc/self/uid_map; id -u')), [...MAP, '0']);
    const id = await engine.ok(['run', '-d', 'base:test', 'sleep', '1000']);
    const pid = await engine.ok(['inspect', '-f', '{{.State.Pid}}', id]);
    assert.equal(statSync(`/proc/${pid}`).uid, FIRST);
    assert.match(await engine.ok(['top', id, '-o', 'pid,uid']), new RegExp(`\\b${FIRST}\\b`));
    await engine.ok(['rm', '-f', id]);
  });

  test('layers stay as they are: with and without a namespace containers share them', async () => {
    const id = await engine.ok([
      'create',
      'base:test',
      'sh',
      '-c',
      'touch /made; chown 33:44 /made; stat -c %u:%g / /made',
    ]);
    assert.equal(await engine.ok(['start', '-a', id]), '0:0\n33:44');
    await engine.ok(['commit', id, 'made:test']);
    const hosts = [
      'run',
      '--rm',
      '--userns=host',
      'made:test',
      'sh',
      '-c',
      'stat -c %u:%g / /made; cat /proc/self/uid_map',
    ];
    assert.deepEqual(words(await engine.ok(hosts)), ['0:0', '33:44', '0', '0', '4294967295']);
    assert.match(await engine.ok(['diff', id]), /^A \/made$/m);
  });

  test('volumes are root’s for both; a directory of the host keeps its owners', async () => {
    const bind = join(directory, 'bind');
    mkdirSync(bind, { mode: 0o755 });
    const mounts = ['-v', 'shared:/volume', '-v', `${bind}:/bind`, '-v', `${bind}/../new:/new`];
    const script = 'touch /volume/a; touch /bind/a 2>&1; touch /new/a; stat -c %u /volume/a /new/a /bind';
    assert.deepEqual(words(await run(mounts, script)).slice(-3), ['0', '0', '65534']);
    assert.deepEqual(readdirSync(bind), []);
    // A source that is made for the container is the container's, as docker makes it.
    assert.equal(statSync(join(directory, 'new')).uid, FIRST);
    assert.equal(statSync(join(engine.directory, 'data/volumes/shared/_data/a')).uid, 0);
    assert.equal(await run(['--userns=host', '-v', 'shared:/volume'], 'stat -c %u /volume/a'), '0');
  });

  test('what the host’s root may, its root may not', async () => {
    const refused = 'mknod /m c 1 1 2>&1; echo 1 >/proc/sys/kernel/sysrq; mount -t tmpfs t /mnt 2>&1; true';
    assert.match(await run(['--cap-add', 'MKNOD'], refused), /mknod: .*not permitted[\s\S]*permission denied/i);
    // With the right to mount it mounts what is its own, and the mount ends with the container.
    const mounts = 'mount -t tmpfs t /mnt && touch /mnt/a && stat -c %u /mnt/a';
    assert.equal(await run(['--cap-add', 'SYS_ADMIN', '--security-opt', 'seccomp=unconfined'], mounts), '0');
    // Of the tree it was started in nothing is left to look at.
    const mountPoints = words(await run([], 'cut -d" " -f5 /proc/self/mountinfo'));
    assert.deepEqual(
      mountPoints.filter((point) => point === '/' || point === '/root'),
      ['/'],
    );
  });

  test('streams, terminals, devices and limits belong to whoever the program runs as', async () => {
    const script = 'echo out >/dev/stdout; echo err >/dev/stderr; stat -c %u /dev/null /etc/hosts; ulimit -n';
    const flags = ['-u', '33', '--ulimit', 'nofile=2000:4000'];
    assert.deepEqual(words(await run(flags, script)), ['out', '0', '0', '2000']);
    assert.deepEqual(words(await run(['-t', '-u', '33'], 'stat -c %u $(tty); cat /proc/self/oom_score_adj')), [
      '33',
      '0',
    ]);
    const scored = await run(
      ['--oom-score-adj', '300', '--sysctl', 'kernel.msgmax=4000'],
      'cat /proc/self/oom_score_adj /proc/sys/kernel/msgmax',
    );
    assert.deepEqual(words(scored), ['300', '4000']);
    assert.match(await run(['--network', 'none'], 'cat /proc/net/dev'), /lo:/);
    assert.match(await run([], 'cat /proc/net/dev; echo x >/proc/sys/net/ipv4/ip_forward 2>&1; true'), /eth0:/);
  });

  test('exec and cp are inside too', async () => {
    const id = await engine.ok(['run', '-d', '-v', '/kept', 'base:test', 'sleep', '1000']);
    assert.deepEqual(words(await engine.ok(['exec', id, 'cat', '/proc/self/uid_map'])), MAP);
    const user = ['exec', '-u', '33:44', id, 'sh', '-c', 'id -u; id -g; cat /proc/1/cgroup | head -1'];
    assert.deepEqual(words(await engine.ok(user)).slice(0, 2), ['33', '44']);
    writeFileSync(join(directory, 'file'), 'hello');
    for (const target of ['/root/file', '/kept/file']) {
      await engine.ok(['cp', join(directory, 'file'), `${id}:${target}`]);
      assert.equal(await engine.ok(['exec', id, 'stat', '-c', '%u %s', target]), '0 5');
      await engine.ok(['cp', `${id}:${target}`, join(directory, 'back')]);
      assert.equal(statSync(join(directory, 'back')).size, 5);
    }
    await engine.ok(['restart', '-t', '0', id]);
    assert.equal(await engine.ok(['exec', id, 'cat', '/root/file']), 'hello');
    await engine.ok(['rm', '-fv', id]);
  });

  test('namespaces are shared with a container of the same kind only', async () => {
    const id = await engine.ok(['run', '-d', '--ipc', 'shareable', 'base:test', 'sleep', '1000']);
    const own = await engine.ok(['exec', id, 'readlink', '/proc/self/ns/user']);
    for (const what of ['network', 'pid', 'ipc']) {
      const shared = await run([`--${what}`, `container:${id}`], 'readlink /proc/self/ns/user; touch /dev/shm/x');
      assert.equal(shared, own, what);
    }
    const other = await engine.cli([
      'run',
      '--rm',
      '--userns=host',
      '--network',
      `container:${id}`,
      'base:test',
      'true',
    ]);
    assert.equal(other.code, 125);
    assert.match(other.stderr, /cannot join a namespace of a container with another user namespace/);
    await engine.ok(['rm', '-f', id]);
  });

  test('RUN steps of a build are remapped, and what they make is root’s', async () => {
    const file = join(directory, 'Dockerfile');
    const step = 'RUN --mount=type=cache,target=/c touch /c/x /y && cat /proc/self/uid_map >/map';
    writeFileSync(file, `FROM base:test\n${step}\nCOPY Dockerfile /\n`);
    const context = join(directory, 'context');
    mkdirSync(context);
    writeFileSync(join(context, 'Dockerfile'), 'x');
    await engine.ok(['build', '-q', '-t', 'built:test', '-f', file, context]);
    const look = ['run', '--rm', '--userns=host', 'built:test', 'sh', '-c', 'cat /map; stat -c %u /y /Dockerfile'];
    assert.deepEqual(words(await engine.ok(look)), [...MAP, '0', '0']);
  });

  test('info says so', async () => {
    const info = await engine.get<{ SecurityOptions: string[] }>('/info');
    assert.ok(info.SecurityOptions.includes('name=userns'), info.SecurityOptions.join());
  });
});

test('after a crash of the daemon execs still enter the namespace', { skip }, async () => {
  const id = await engine.ok(['run', '-d', 'base:test', 'sleep', '1000']);
  await engine.kill9();
  await engine.start();
  assert.deepEqual(words(await engine.ok(['exec', id, 'cat', '/proc/self/uid_map'])), MAP);
  await engine.ok(['rm', '-f', id]);
});

const skipDocker = skip || missing({ programs: ['dockerd'] });

test('what cannot be is refused in docker’s words', { skip: skipDocker }, async () => {
  const wrapper = withIds(`nobody:${FIRST}:65536\nnogroup:${FIRST}:65536\n`);
  // Its remapped root has to get at its own directories.
  const place = mkdtempSync(join(tmpdir(), 'dockerd-test-'));
  chmodSync(place, 0o755);
  const docker = await startDockerd({
    directory: place,
    wrapper,
    args: ['--userns-remap=nobody:nogroup', '--bridge=none'],
  });
  try {
    await docker.ok(['import', await debianArchive(), 'base:test']);
    for (const flags of [['--privileged'], ['--network', 'host'], ['--pid', 'host']]) {
      const args = ['create', ...flags, 'base:test', 'true'];
      const [ours, theirs] = [await engine.cli(args), await docker.cli(args)];
      assert.deepEqual([ours.code, ours.stderr], [theirs.code, theirs.stderr], flags.join(' '));
      assert.notEqual(ours.code, 0);
    }
  } finally {
    await docker.dispose();
  }
});

test('an account without ids is named', { skip }, async () => {
  const start = (spec: string) => startTsdockerd({ wrapper: withIds('x:1:2\n'), args: [`--userns-remap=${spec}`] });
  for (const [spec, message] of [
    ['nosuchuser', /Error during uid lookup for "nosuchuser"/],
    ['a:b:c', /Invalid user\/group specification in --userns-remap: "a:b:c"/],
    ['daemon', /Can't create ID mappings: no subuid ranges found for user "daemon"/],
  ] as const) {
    await assert.rejects(start(spec), message, spec);
  }
});
