import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { expandCgroupMount, parseCgroupLayout } from '../../../../../packages/daemon/src/runtime/shim/cgroup-mounts.ts';
import { stepError } from '../../../../../packages/daemon/src/runtime/shim/errors.ts';
import { ATTR, parseMountOptions } from '../../../../../packages/daemon/src/runtime/shim/mount-options.ts';
import { encodeExec, encodeStart } from '../../../../../packages/daemon/src/runtime/shim/plan-encoder.ts';
import { OP, type OpName, type Plan } from '../../../../../packages/daemon/src/runtime/shim/plan-format.ts';
import type { ShimStart } from '../../../../../packages/daemon/src/runtime/shim/shim.types.ts';
import type { OciProcess } from '../../../../../packages/shared/src/types/oci-spec.ts';

const process: OciProcess = {
  terminal: false,
  user: { uid: 5, gid: 6, additionalGids: [7, 8] },
  args: ['cmd', 'ä b', ''],
  env: ['A=1', 'PATH=/bin'],
  cwd: '/work',
  capabilities: {
    bounding: ['CAP_CHOWN', 'CAP_BPF'],
    effective: ['CAP_CHOWN'],
    permitted: ['CAP_KILL'],
    inheritable: [],
    ambient: [],
  },
  rlimits: [{ type: 'RLIMIT_NOFILE', soft: 10, hard: 2n ** 64n - 1n }],
  noNewPrivileges: false,
};

function start(change: (start: ShimStart) => void = () => {}): ShimStart {
  const result: ShimStart = {
    id: 'x',
    runtimeDirectory: '/run/x',
    spec: {
      process: structuredClone(process),
      root: { readonly: false },
      hostname: 'h',
      mounts: [{ destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid'] }],
      linux: {
        namespaces: [{ type: 'pid' }, { type: 'uts' }],
        devices: [],
        sysctl: {},
        maskedPaths: [],
        readonlyPaths: [],
      },
    },
    cgroup: { version: 2, directories: [{ path: '/cg', own: true }], writes: [], join: ['/cg'] },
    rootfs: { lowers: ['/l1', '/l2'], upper: '/u', work: '/w', volatile: false },
    network: { kind: 'host' },
    stdin: false,
    stdinOnce: false,
    heldSockets: [],
  };
  change(result);
  return result;
}

const context = { cgroupLayout: { hierarchies: [] } };

/** The operations as the shim reads them. */
function decode({ bytes }: Plan) {
  const count = bytes.readUInt32LE(8);
  const table = bytes.subarray(16 + count * 32);
  assert.equal(table.length, bytes.readUInt32LE(12));
  assert.equal(table.at(-1), 0);
  const name = (code: number) => Object.entries(OP).find(([, value]) => value === code)?.[0] as OpName;
  const text = (offset: number) => table.toString('utf8', offset, table.indexOf(0, offset));
  return Array.from({ length: count }, (_, i) => {
    const at = 16 + i * 32;
    const [s1, s2, s3] = [4, 8, 12].map((offset) => bytes.readUInt32LE(at + offset)) as [number, number, number];
    const [n1, n2] = [bytes.readBigUInt64LE(at + 16), bytes.readBigUInt64LE(at + 24)];
    return { op: name(bytes.readUInt16LE(at)), flags: bytes.readUInt16LE(at + 2), s1, s2, s3, n1, n2, text, table };
  });
}

function strings(table: Buffer, offset: number, count: bigint): string[] {
  return table.toString('utf8', offset).split('\0').slice(0, Number(count));
}

describe('plan', () => {
  test('puts the operations in the order the kernel asks for', () => {
    const names = decode(
      encodeStart(
        start((s) => (s.seccomp = { program: Buffer.alloc(8), flags: 0 })),
        context,
      ),
    ).map(({ op }) => op);
    const order = [
      'cgroupDirectory',
      'overlay',
      'namespaces',
      'mount',
      'hostname',
      'waitForGo',
      'seccomp',
      'boundingSet',
      'user',
      'capabilities',
      'execute',
    ];
    assert.deepEqual(
      names.filter((name) => order.includes(name)),
      order,
    );
    const locked = decode(
      encodeStart(
        start((s) => {
          s.spec.process.noNewPrivileges = true;
          s.seccomp = { program: Buffer.alloc(8), flags: 0 };
        }),
        context,
      ),
    );
    assert.deepEqual(
      locked.slice(-2).map(({ op }) => op),
      ['seccomp', 'execute'],
    );
  });

  test('keeps arguments, environment, numbers and masks', () => {
    const ops = decode(encodeExec({ session: 's', process, stdin: true }));
    const find = (name: OpName) => ops.find(({ op }) => op === name) ?? assert.fail(name);
    const run = find('execute');
    assert.deepEqual(strings(run.table, run.s1, run.n1), process.args);
    assert.deepEqual(strings(run.table, run.s2, run.n2), process.env);
    assert.equal(find('boundingSet').n1, 1n | (1n << 39n));
    const sets = find('capabilities');
    assert.deepEqual(
      [0, 8, 16, 24].map((at) => sets.table.readBigUInt64LE(sets.s1 + at)),
      [1n, 32n, 0n, 0n],
    );
    const limit = find('resourceLimit');
    assert.deepEqual([limit.s2, limit.n1, limit.n2], [7, 10n, 2n ** 64n - 1n]);
    const user = find('user');
    assert.deepEqual([user.s2, user.s3, user.n1, user.table.readUInt32LE(user.s1 + 4)], [5, 6, 2n, 8]);
    assert.equal(find('stdio').flags, 2);
    assert.equal(find('oomScore').n1, 1000n);
  });

  test('makes, joins and shares namespaces', () => {
    const ops = decode(
      encodeStart(
        start((s) => {
          s.spec.linux.namespaces = [{ type: 'pid', path: '/proc/9/ns/pid' }, { type: 'ipc' }, { type: 'cgroup' }];
          s.network = { kind: 'fd', fd: 99 };
        }),
        { ...context, networkFd: 6 },
      ),
    );
    const joins = ops.filter(({ op }) => op === 'joinNamespace').map(({ text, s1, n1, n2 }) => [text(s1), n1, n2]);
    assert.deepEqual(joins, [
      ['/proc/9/ns/pid', 0x20000000n, 0n],
      ['', 0x40000000n, 7n],
    ]);
    assert.equal(ops.find(({ op }) => op === 'namespaces')?.n1, 0x8000000n | 0x2000000n);
    assert.equal(
      ops.some(({ op }) => op === 'hostname'),
      false,
    );
  });

  test('with a user namespace owners outside are those of the map', () => {
    const ranges = [{ inside: 0, outside: 1000, count: 100 }];
    const plan = encodeStart(
      start((s) => {
        s.userNamespace = {
          fd: 9,
          map: { uids: ranges, gids: ranges },
          root: { uid: 1000, gid: 1000 },
          close: () => {},
        };
        s.spec.mounts.push(
          { destination: '/dev/pts', type: 'devpts', source: 'devpts', options: ['newinstance', 'gid=5'] },
          { destination: '/v', type: 'bind', source: '/volume', options: ['rbind', 'idmap'] },
        );
        s.spec.linux.devices.push({ path: '/dev/x', type: 'c', major: 1, minor: 1, fileMode: 0o600, uid: 7, gid: 500 });
      }),
      { ...context, usernsFd: 7 },
    );
    const ops = decode(plan);
    const names = ops.map(({ op }) => op);
    assert.ok(names.indexOf('joinNamespace') < names.indexOf('overlay'));
    assert.ok(names.lastIndexOf('mount') < names.indexOf('dropFirstTree'));
    const join = ops.find(({ op }) => op === 'joinNamespace');
    assert.deepEqual([join?.n1, join?.n2, join?.s2, join?.s3], [0x10000000n, 8n, 1000, 1000]);
    const device = ops.find(({ op, text, s1 }) => op === 'device' && text(s1) === '/dev/x');
    assert.deepEqual([device?.s2, device?.s3], [1007, 65534]);
    assert.equal(ops.find(({ op }) => op === 'bind')?.flags, 1 | 4 | 8);
    assert.ok(plan.bytes.includes('gid=1005\0'));
  });

  for (const [name, change] of [
    ['an unknown capability', (s: ShimStart) => s.spec.process.capabilities.bounding.push('CAP_NOPE')],
    ['an unknown limit', (s: ShimStart) => s.spec.process.rlimits.push({ type: 'RLIMIT_NOPE', soft: 0, hard: 0 })],
    ['a null byte', (s: ShimStart) => s.spec.process.args.push('a\0b')],
    [
      'a mount over the root',
      (s: ShimStart) => s.spec.mounts.push({ destination: '/..', type: 'tmpfs', source: 't', options: [] }),
    ],
    [
      'a sysctl that climbs',
      (s: ShimStart) => Object.assign(s.spec.linux.sysctl, { 'net/../../self/oom_score_adj': '0' }),
    ],
    ['no command', (s: ShimStart) => s.spec.process.args.splice(0)],
    ['a cgroup path with a line break', (s: ShimStart) => s.cgroup.directories.push({ path: '/a\nb', own: true })],
  ] as const) {
    test(`refuses ${name}`, () => assert.throws(() => encodeStart(start(change), context), TypeError));
  }

  test('names the step of an operation that failed', () => {
    const plan = encodeStart(start(), context);
    const operation = plan.steps.findIndex(({ step }) => step === 'mount');
    const failure = { operation, errno: 1, call: 'fsmount', path: '' };
    const { step, path, code, message } = stepError(failure, plan.steps);
    assert.deepEqual(
      { step, path, code, message },
      { step: 'mount', path: '/proc', code: 'EPERM', message: 'mount /proc: fsmount: operation not permitted' },
    );
    assert.equal(stepError({ operation: 0xffffffff, errno: 12, call: 'clone3', path: '' }, plan.steps).step, 'start');
    const missing = stepError({ operation: plan.steps.length - 1, errno: 2, call: 'lookup', path: 'cmd' }, plan.steps);
    assert.deepEqual([missing.step, missing.path], ['lookup', 'cmd']);
  });
});

describe('mount options', () => {
  for (const [words, expected] of [
    ['ro,nosuid', { set: ATTR.readOnly | ATTR.noSuid, clear: 0 }],
    ['ro,rw', { set: 0, clear: ATTR.readOnly }],
    ['noatime,strictatime', { set: ATTR.strictAtime, clear: ATTR.atimeMask }],
    ['rbind,rro', { set: ATTR.readOnly, recursive: true, recursiveAttributes: true }],
    ['rslave', { propagation: 1 << 19, propagationRecursive: true }],
    ['shared', { propagation: 1 << 20, propagationRecursive: false }],
    ['size=64k,mode=755,newinstance', { data: ['size=64k', 'mode=755', 'newinstance'] }],
  ] as const) {
    test(words, () => {
      const parsed = parseMountOptions(words.split(','));
      assert.deepEqual(parsed, { ...parsed, ...expected });
    });
  }
});

describe('cgroup mounts', () => {
  const layout = parseCgroupLayout(
    [
      '30 29 0:26 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct',
      '31 29 0:27 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd',
      '32 29 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw',
    ].join('\n'),
  );
  const mount = { destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: ['ro', 'nosuid'] };
  const join = ['/sys/fs/cgroup/cpu,cpuacct/a/b/tasks'];

  test('finds the hierarchies of version 1', () => {
    assert.deepEqual(
      layout.hierarchies.map(({ controllers }) => controllers),
      ['cpu,cpuacct', 'name=systemd'],
    );
  });

  test('shows the joined hierarchies from the own group on', () => {
    const { mounts, symlinks, remountReadOnly } = expandCgroupMount(mount, 1, layout, join, true);
    assert.deepEqual(
      mounts.map(({ type, destination }) => [type, destination]),
      [
        ['tmpfs', '/sys/fs/cgroup'],
        ['cgroup', '/sys/fs/cgroup/cpu,cpuacct'],
      ],
    );
    assert.deepEqual(mounts[1]?.options, ['ro', 'nosuid', 'cpu', 'cpuacct']);
    assert.deepEqual(
      symlinks.map(({ path }) => path),
      ['/sys/fs/cgroup/cpu', '/sys/fs/cgroup/cpuacct'],
    );
    assert.equal(remountReadOnly, '/sys/fs/cgroup');
  });

  test('binds the own group without a namespace, and mounts version 2 as one', () => {
    assert.equal(expandCgroupMount(mount, 1, layout, join, false).mounts[1]?.source, '/sys/fs/cgroup/cpu,cpuacct/a/b');
    assert.deepEqual(
      expandCgroupMount(mount, 2, layout, ['/sys/fs/cgroup/x'], true).mounts.map(({ type }) => type),
      ['cgroup2'],
    );
  });
});
