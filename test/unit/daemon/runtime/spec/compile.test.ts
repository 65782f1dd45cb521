import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StartRequest } from '../../../../../packages/daemon/src/runtime/runtime.ts';
import { CAPABILITY_NAMES } from '../../../../../packages/daemon/src/runtime/spec/capabilities.ts';
import {
  compileExec,
  compileStart,
  type SpecHost,
  type StartFacts,
  seccompChoice,
} from '../../../../../packages/daemon/src/runtime/spec/compile.ts';
import type { HostConfig } from '../../../../../packages/shared/src/types/container.ts';

const host: SpecHost = {
  cgroupVersion: 2,
  capabilities: CAPABILITY_NAMES,
  initPath: '/opt/tsd-init',
  thermalPaths: [],
  defaultShmBytes: 67108864,
  defaultUlimits: [{ Name: 'nofile', Soft: 5, Hard: 6 }],
  defaultInit: false,
  defaultNoNewPrivileges: false,
  recursiveReadOnly: true,
  apparmor: false,
  hasSysctl: () => true,
};
const facts: StartFacts = {
  who: { user: { uid: 0, gid: 0, additionalGids: [0] }, home: '/root' },
  devices: { devices: [], rules: [] },
};

function start(hostConfig: Partial<HostConfig>, more: Partial<StartRequest> = {}): StartRequest {
  return {
    id: 'c1',
    config: {},
    hostConfig: hostConfig as HostConfig,
    args: ['sh'],
    env: ['PATH=/bin'],
    hostname: 'c1',
    rootfs: { lowers: [], upper: '/u', work: '/w', volatile: false },
    mounts: [],
    network: { kind: 'new' },
    ...more,
  };
}
const compile = (hostConfig: Partial<HostConfig>, more?: Partial<StartRequest>, over: Partial<SpecHost> = {}) =>
  compileStart(start(hostConfig, more), facts, { ...host, ...over });
const at = (spec: ReturnType<typeof compile>, destination: string) =>
  spec.mounts.find((m) => m.destination === destination);

test('a plain container gets the documented mounts, namespaces and paths', () => {
  const spec = compile({});
  assert.deepEqual(
    spec.mounts.map((m) => `${m.destination} ${m.type} ${m.options.join(',')}`),
    [
      '/proc proc nosuid,noexec,nodev',
      '/dev tmpfs nosuid,strictatime,mode=755,size=65536k',
      '/dev/pts devpts nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5',
      '/sys sysfs nosuid,noexec,nodev,ro',
      '/sys/fs/cgroup cgroup nosuid,noexec,nodev,ro',
      '/dev/mqueue mqueue nosuid,noexec,nodev',
      '/dev/shm tmpfs nosuid,noexec,nodev,mode=1777,size=67108864',
    ],
  );
  assert.deepEqual(
    spec.linux.namespaces.map((n) => n.type),
    ['mount', 'pid', 'ipc', 'uts', 'cgroup', 'network'],
  );
  assert.deepEqual(spec.linux.sysctl, {
    'net.ipv4.ip_unprivileged_port_start': '0',
    'net.ipv4.ping_group_range': '0 2147483647',
  });
  assert.ok(spec.linux.maskedPaths.includes('/proc/kcore'));
  assert.deepEqual(spec.process.env, ['PATH=/bin', 'HOME=/root']);
  assert.equal(spec.process.cwd, '/');
  assert.equal(spec.hostname, 'c1');
});

test('privileged opens /sys, cgroups, paths and seccomp', () => {
  const spec = compile({ Privileged: true });
  assert.ok(!at(spec, '/sys')!.options.includes('ro'));
  assert.ok(!at(spec, '/sys/fs/cgroup')!.options.includes('ro'));
  assert.deepEqual([spec.linux.maskedPaths, spec.linux.readonlyPaths], [[], []]);
  assert.equal(spec.process.capabilities.bounding.length, CAPABILITY_NAMES.length);
  assert.equal(seccompChoice({ Privileged: true } as HostConfig, 'builtin'), 'unconfined');
});

test('user mounts replace defaults, come by depth, and one on /dev removes what is below it', () => {
  const bind = (destination: string, source = '/s') => ({
    type: 'bind' as const,
    source,
    destination,
    readOnly: false,
  });
  const spec = compile({}, { mounts: [bind('/a/b/c'), bind('/dev/shm'), bind('/a')] });
  assert.equal(at(spec, '/dev/shm')!.type, 'bind');
  assert.deepEqual(
    spec.mounts.slice(-3).map((m) => m.destination),
    ['/a', '/dev/shm', '/a/b/c'],
  );
  const noDev = compile({}, { mounts: [bind('/dev')] });
  assert.deepEqual(
    noDev.mounts.filter((m) => m.destination.startsWith('/dev')).map((m) => m.type),
    ['bind'],
  );
});

test('read-only binds are recursive where the kernel can, and network files follow --read-only', () => {
  const mounts = [
    { type: 'bind' as const, source: '/x', destination: '/x', readOnly: true },
    { type: 'bind' as const, source: '/y', destination: '/y', readOnly: true, nonRecursive: true },
    { type: 'bind' as const, source: '/h', destination: '/etc/hosts', readOnly: false },
  ];
  const spec = compile({ ReadonlyRootfs: true }, { mounts });
  assert.deepEqual(at(spec, '/x')!.options, ['rbind', 'rprivate', 'rro']);
  assert.deepEqual(at(spec, '/y')!.options, ['bind', 'rprivate', 'ro']);
  assert.deepEqual(at(spec, '/etc/hosts')!.options, ['rbind', 'rprivate', 'rro']);
  assert.ok(!at(spec, '/dev/shm')!.options.includes('ro'));
  assert.equal(spec.root.readonly, true);
  assert.deepEqual(at(compile({}, { mounts }, { recursiveReadOnly: false }), '/x')!.options.at(-1), 'ro');
});

test('tmpfs options replace the defaults they contradict', () => {
  const spec = compile({ Tmpfs: { '/run': 'exec,size=64m,mode=755' } });
  assert.deepEqual(at(spec, '/run')!.options, ['nosuid', 'nodev', 'rprivate', 'exec', 'size=64m', 'mode=755']);
  assert.throws(() => compile({ Tmpfs: { '/run': 'nonsense' } }), /invalid tmpfs option "nonsense"/);
});

test('ipc modes choose the namespace and /dev/shm', () => {
  assert.equal(at(compile({ IpcMode: 'none' }), '/dev/shm'), undefined);
  assert.ok(compile({ IpcMode: 'none' }).linux.namespaces.some((n) => n.type === 'ipc'));
  const shared = compileStart(start({ IpcMode: 'host' }), { ...facts, sharedShm: '/dev/shm' }, host);
  assert.deepEqual(at(shared, '/dev/shm')!.source, '/dev/shm');
  assert.ok(!shared.linux.namespaces.some((n) => n.type === 'ipc'));
  const joined = compile({ IpcMode: 'container:x' }, { joins: { ipc: 42 } });
  assert.deepEqual(
    joined.linux.namespaces.find((n) => n.type === 'ipc'),
    { type: 'ipc', path: '/proc/42/ns/ipc' },
  );
  assert.throws(() => compile({ IpcMode: 'container:x' }), /cannot join IPC of a non running container/);
  assert.throws(() => compile({ PidMode: 'odd' }), /invalid PID mode: odd/);
});

test('cgroups: one read-only mount; the namespace is private by default on v2 alone', () => {
  const namespace = (hostConfig: Partial<HostConfig>, cgroupVersion: 1 | 2) =>
    compile(hostConfig, {}, { cgroupVersion }).linux.namespaces.some((n) => n.type === 'cgroup');
  assert.deepEqual([namespace({}, 1), namespace({}, 2)], [false, true]);
  assert.deepEqual([namespace({ CgroupnsMode: 'private' }, 1), namespace({ CgroupnsMode: 'host' }, 2)], [true, false]);
  const writable = compile({ SecurityOpt: ['writable-cgroups=true'] });
  assert.ok(!at(writable, '/sys/fs/cgroup')!.options.includes('ro'));
});

test('--init wraps the command in an own pid namespace only', () => {
  const spec = compile({ Init: true });
  assert.deepEqual(spec.process.args, ['/sbin/docker-init', '--', 'sh']);
  assert.equal(at(spec, '/sbin/docker-init')!.source, '/opt/tsd-init');
  assert.deepEqual(compile({ Init: true, PidMode: 'host' }).process.args, ['sh']);
});

test('sysctls outside the container are refused', () => {
  const set = (key: string, more: Partial<StartRequest> = {}) =>
    compile({ Sysctls: { [key]: '1' } }, more).linux.sysctl;
  assert.equal(set('net.core.somaxconn')['net.core.somaxconn'], '1');
  assert.equal(set('kernel.shmmax')['kernel.shmmax'], '1');
  assert.throws(() => set('kernel.panic'), /sysctl "kernel.panic" is not in a separate kernel namespace/);
  assert.throws(
    () => set('net.core.somaxconn', { network: { kind: 'host' } }),
    /not allowed in host network namespace/,
  );
  assert.throws(() => set('net/../kernel/panic'), /invalid sysctl name/);
});

test('security options, limits and the working directory reach the process', () => {
  const ulimits = [
    { Name: 'nofile', Soft: 10, Hard: 20 },
    { Name: 'core', Soft: -1, Hard: -1 },
  ];
  const { process } = compile(
    { SecurityOpt: ['no-new-privileges:true'], Ulimits: ulimits, OomScoreAdj: 500 },
    { config: { WorkingDir: '/a/../b/', Tty: true }, env: ['HOME=/x'] },
  );
  assert.equal(process.noNewPrivileges, true);
  assert.deepEqual(process.rlimits, [
    { type: 'RLIMIT_NOFILE', soft: 10, hard: 20 },
    { type: 'RLIMIT_CORE', soft: 2n ** 64n - 1n, hard: 2n ** 64n - 1n },
  ]);
  assert.deepEqual([process.oomScoreAdj, process.cwd, process.terminal], [500, '/b', true]);
  assert.deepEqual(process.env, ['HOME=/x']);
  const soft = [{ Name: 'nofile', Soft: 30, Hard: 20 }];
  const own = [{ Name: 'nproc', Soft: 1, Hard: 2 }];
  assert.deepEqual(
    [own, [{ Name: 'nofile', Soft: 8, Hard: 8 }]].map((Ulimits) =>
      compile({ Ulimits }).process.rlimits?.map(({ type, soft }) => [type, soft]),
    ),
    [
      [
        ['RLIMIT_NPROC', 1],
        ['RLIMIT_NOFILE', 5],
      ],
      [['RLIMIT_NOFILE', 8]],
    ],
  );
  assert.throws(() => compile({ Ulimits: soft }), /soft limit must be less than or equal to hard limit: 30 > 20/);
  assert.throws(() => compile({ SecurityOpt: ['bogus=1'] }), /invalid --security-opt 2: "bogus=1"/);
});

test('an exec has the confinement of its container, unless it is privileged', () => {
  const request = {
    id: 'e1',
    attach: true,
    exec: { Cmd: ['id'], Tty: true, WorkingDir: '/w' },
    config: { WorkingDir: '/c' },
    hostConfig: { CapDrop: ['ALL'], CapAdd: ['CHOWN'], SecurityOpt: ['no-new-privileges'] } as unknown as HostConfig,
    env: ['A=1'],
  };
  const plain = compileExec(request, facts.who, host);
  assert.deepEqual(plain.capabilities.bounding, ['CAP_CHOWN']);
  assert.deepEqual([plain.cwd, plain.terminal, plain.noNewPrivileges, plain.args], ['/w', true, true, ['id']]);
  const privileged = compileExec({ ...request, exec: { Cmd: ['id'], Privileged: true } }, facts.who, host);
  assert.equal(privileged.capabilities.bounding.length, CAPABILITY_NAMES.length);
  assert.equal(privileged.cwd, '/c');
});
