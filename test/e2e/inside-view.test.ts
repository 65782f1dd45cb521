/** What a process sees from inside, and that limits bite. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { debianArchive } from '../support/base-image.ts';
import { type Engine, startTsdockerd } from '../support/engines.ts';
import { missing } from '../support/program.ts';

const skip = missing({ root: true });
let engine: Engine;

before(async () => {
  if (skip) return;
  engine = await startTsdockerd();
  await engine.ok(['import', '--change', 'CMD ["/bin/bash"]', await debianArchive(), 'base:test']);
});

after(() => engine?.dispose());

const inside = (...script: string[]): Promise<string> =>
  engine.ok(['run', '--rm', 'base:test', 'sh', '-c', script.join('; ')]);

test('pid 1 is the command, and only its own processes are there', { skip }, async () => {
  assert.equal(
    await inside('cat /proc/1/cmdline | tr "\\0" " "', 'echo; ls -d /proc/[0-9]* | head -1'),
    `sh -c cat /proc/1/cmdline | tr "\\0" " "; echo; ls -d /proc/[0-9]* | head -1 \n/proc/1`,
  );
});

test('the hostname is its id, and hosts names it', { skip }, async () => {
  const [name, hosts] = (await inside('hostname', 'grep -c "$(hostname)" /etc/hosts')).split('\n');
  assert.match(name as string, /^[0-9a-f]{12}$/);
  assert.notEqual(name, readFileSync('/proc/sys/kernel/hostname', 'utf8').trim());
  assert.equal(hosts, '1');
});

test('it has an eth0 of its own with an address of the bridge', { skip }, async () => {
  const [bridge] = await engine.get<[{ IPAM: { Config: [{ Subnet: string; Gateway: string }] } }]>(
    '/networks?filters={"name":["bridge"]}',
  );
  const prefix = bridge.IPAM.Config[0].Gateway.split('.').slice(0, 2).join('\\.');
  const text = await inside('cat /proc/net/dev', 'cat /proc/net/fib_trie', 'cat /proc/net/route');
  const links = [...text.matchAll(/^\s*(\w+):\s+\d+/gm)].map(([, link]) => link);
  assert.deepEqual(links.sort(), ['eth0', 'lo']);
  assert.match(text, new RegExp(`${prefix}\\.\\d+\\.\\d+\\n.*32 host LOCAL`));
  assert.match(text, /eth0\t00000000\t/);
});

test("capabilities, seccomp and no_new_privs are docker's defaults", { skip }, async () => {
  const status = await inside('grep -E "^(Cap|Seccomp|NoNewPrivs)" /proc/self/status');
  assert.match(status, /CapInh:\t0000000000000000/);
  assert.match(status, /CapPrm:\t00000000a80425fb/);
  assert.match(status, /CapEff:\t00000000a80425fb/);
  assert.match(status, /CapBnd:\t00000000a80425fb/);
  assert.match(status, /CapAmb:\t0000000000000000/);
  assert.match(status, /NoNewPrivs:\t0/);
  assert.match(status, /Seccomp:\t2/);
  assert.match(await inside('unshare -U true 2>&1 || echo refused'), /refused/);
});

test('/proc/sys is read-only, /proc/kcore is masked, no mount of the host is visible', { skip }, async () => {
  assert.match(
    await inside(
      'echo x 2>&1 > /proc/sys/kernel/hostname || true',
      'sh -c "echo x > /proc/sys/kernel/hostname" 2>&1 || true',
    ),
    /Read-only file system/,
  );
  // Which of the masked files exist depends on the kernel.
  const masked = ['kcore', 'keys', 'timer_list', 'interrupts'].filter((name) => existsSync(`/proc/${name}`));
  assert.ok(masked.length > 0);
  for (const name of masked)
    assert.equal(await inside(`wc -c < /proc/${name}`, `stat -c %t:%T /proc/${name}`), '0\n1:3');
  const points = (await inside('cut -d" " -f5 /proc/self/mountinfo')).split('\n');
  const allowed = /^\/$|^\/(proc|sys|dev)(\/|$)|^\/etc\/(hosts|hostname|resolv\.conf)$/;
  assert.deepEqual(
    points.filter((point) => !allowed.test(point)),
    [],
  );
  assert.ok(points.length > 5);
});

test('only descriptors 0 to 2 are open', { skip }, async () => {
  assert.equal(await inside('echo $(ls /proc/self/fd)'), '0 1 2 3');
});

test('-m 100m is what the limit file says, and more is killed with OOMKilled and 137', { skip }, async () => {
  const limit = await engine.ok([
    'run',
    '--rm',
    '-m',
    '100m',
    'base:test',
    'sh',
    '-c',
    'cat /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null || cat /sys/fs/cgroup/memory.max',
  ]);
  assert.equal(limit, '104857600');
  // The command substitution makes bash itself hold the bytes.
  const hog = await engine.cli([
    'run',
    '--name',
    'hog',
    '-m',
    '20m',
    '--memory-swap',
    '20m',
    'base:test',
    'bash',
    '-c',
    'x=$(head -c 200000000 /dev/zero | tr "\\0" x); echo ${#x}',
  ]);
  assert.equal(hog.code, 137);
  assert.equal(await engine.ok(['inspect', '-f', '{{.State.OOMKilled}} {{.State.ExitCode}}', 'hog']), 'true 137');
  await engine.ok(['rm', 'hog']);
});

test('pids, cpu shares and cpuset limits reach the kernel', { skip }, async () => {
  const forks = await engine.cli([
    'run',
    '--rm',
    '--pids-limit',
    '10',
    'base:test',
    'bash',
    '-c',
    'for i in $(seq 20); do sleep 1 & done 2>&1; wait',
  ]);
  assert.match(forks.stdout + forks.stderr, /Resource temporarily unavailable/);
  const cpus = await engine.ok([
    'run',
    '--rm',
    '--cpuset-cpus',
    '0',
    'base:test',
    'grep',
    'Cpus_allowed_list',
    '/proc/self/status',
  ]);
  assert.equal(cpus, 'Cpus_allowed_list:\t0');
});

test('a read-only root, ulimits, sysctls, extra hosts, groups and an init do what they say', { skip }, async () => {
  const options = [
    '--read-only',
    '--ulimit',
    'nofile=123:456',
    '--sysctl',
    'net.ipv4.ip_forward=1',
    '--add-host',
    'far:10.1.2.3',
    '--group-add',
    '4242',
    '--init',
  ];
  const script =
    'touch /x 2>&1; ulimit -n; ulimit -Hn; cat /proc/sys/net/ipv4/ip_forward; grep far /etc/hosts; id -G; tr "\\0" " " < /proc/1/cmdline';
  const text = await engine.ok(['run', '--rm', ...options, 'base:test', 'sh', '-c', script]);
  const lines = text.split('\n');
  assert.match(lines[0] as string, /Read-only file system/);
  assert.deepEqual(lines.slice(1, 6), ['123', '456', '1', '10.1.2.3\tfar', '0 4242']);
  assert.match(lines[6] as string, /^\/sbin\/docker-init -- sh -c /);
});

test('--privileged has every capability of the daemon, no seccomp and the devices', { skip }, async () => {
  const status = await engine.ok([
    'run',
    '--rm',
    '--privileged',
    'base:test',
    'sh',
    '-c',
    'grep -E "^(CapEff|Seccomp:)" /proc/self/status; mount -t tmpfs x /mnt && echo mounted',
  ]);
  const own = /CapBnd:\t(\w+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  assert.equal(status, `CapEff:\t${own}\nSeccomp:\t0\nmounted`);
});

test('--network container: shares name, interfaces and /etc/hosts of the other', { skip }, async () => {
  const id = await engine.ok(['run', '-d', '--name', 'other', 'base:test', 'sleep', '1000']);
  const script = 'hostname; cat /etc/hosts /proc/net/fib_trie';
  const there = await engine.ok(['exec', 'other', 'sh', '-c', script]);
  assert.equal(
    await engine.ok(['run', '--rm', '--network', 'container:other', 'base:test', 'sh', '-c', script]),
    there,
  );
  assert.equal(there.split('\n')[0], id.slice(0, 12));
  assert.equal(
    await engine.ok(['run', '--rm', '--pid', 'container:other', 'base:test', 'cat', '/proc/1/comm']),
    'sleep',
  );
  await engine.ok(['rm', '-f', 'other']);
});
