import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cgroups } from '../../../../../packages/daemon/src/runtime/cgroup/cgroups.ts';
import { deviceProgram } from '../../../../../packages/daemon/src/runtime/cgroup/device-program.ts';
import { type CgroupLayout, detectLayout } from '../../../../../packages/daemon/src/runtime/cgroup/layout.ts';
import { limitsOf } from '../../../../../packages/daemon/src/runtime/cgroup/limits.ts';
import { planCgroup } from '../../../../../packages/daemon/src/runtime/cgroup/plan.ts';
import { v1Writes } from '../../../../../packages/daemon/src/runtime/cgroup/v1.ts';
import { ioWeightOf, weightOfShares } from '../../../../../packages/daemon/src/runtime/cgroup/v2.ts';
import { DEFAULT_RULES } from '../../../../../packages/daemon/src/runtime/spec/devices.ts';
import type { Resources } from '../../../../../packages/shared/src/types/container.ts';
import { runDeviceProgram } from '../../../../support/ebpf-interpreter.ts';

const HYBRID = `31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct
34 31 0:31 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset
35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
36 31 0:33 / /sys/fs/cgroup/devices rw - cgroup cgroup rw,devices
37 31 0:34 / /sys/fs/cgroup/freezer rw - cgroup cgroup rw,freezer
39 31 0:36 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids
40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd
41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
42 31 0:36 / /elsewhere\\040pids rw - cgroup cgroup rw,pids`;
const V2 = '31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate';
const CONTROLLERS = 'cpuset cpu io memory pids';

const v1 = detectLayout(HYBRID, () => '')!;
const v2 = detectLayout(V2, () => CONTROLLERS)!;

const AS_IT_IS = { periodMicros: 0, runtimeMicros: 0 };

async function plan(
  layout: CgroupLayout,
  resources: Partial<Resources>,
  files: Record<string, string> = {},
  realtime = AS_IT_IS,
) {
  return planCgroup({
    id: 'c1',
    parent: resources.CgroupParent ?? '',
    limits: await limitsOf(resources as Resources),
    deviceRules: DEFAULT_RULES,
    realtime,
    layout,
    bfq: false,
    read: (path) => files[path] ?? '',
  });
}
const values = (p: Awaited<ReturnType<typeof plan>>) => p.writes.map((w) => `${w.path.split('/').pop()}=${w.value}`);

test('layouts: hybrid counts as v1 and each hierarchy once, the unified one as v2', () => {
  assert.equal(v1.version, 1);
  assert.deepEqual(
    v1.hierarchies.map((h) => h.name),
    ['cpu,cpuacct', 'cpuset', 'memory', 'devices', 'freezer', 'pids', 'systemd'],
  );
  assert.deepEqual([v2.version, v2.hierarchies[0]!.controllers], [2, CONTROLLERS.split(' ')]);
  assert.equal(
    detectLayout('1 2 3:4 / / rw - ext4 /dev/vda rw', () => ''),
    undefined,
  );
});

test('v1: the daemon gives real-time to every group above a container, from the top down', async () => {
  const realtime = { periodMicros: 1_000_000, runtimeMicros: 900_000 };
  const { writes } = await plan(v1, { CgroupParent: '/a/b', CpuRealtimeRuntime: 5000 }, {}, realtime);
  const cpu = '/sys/fs/cgroup/cpu,cpuacct';
  assert.deepEqual(
    writes
      .filter(({ path }) => path.includes('cpu.rt_'))
      .map(({ path, value }) => `${path.slice(cpu.length)} ${value}`),
    [
      '/a/cpu.rt_period_us 1000000',
      '/a/cpu.rt_runtime_us 900000',
      '/a/b/cpu.rt_period_us 1000000',
      '/a/b/cpu.rt_runtime_us 900000',
      '/a/b/c1/cpu.rt_runtime_us 5000',
    ],
  );
  assert.throws(() => new Cgroups(v2, { parent: '', realtime }), {
    message: 'daemon-scoped cpu-rt-period and cpu-rt-runtime are not implemented for cgroup v2',
  });
});

test('v1: shares the kernel would change are refused', async () => {
  await assert.rejects(plan(v1, { CpuShares: 1 }), { message: 'the minimum allowed cpu-shares is 2' });
  await assert.rejects(plan(v1, { CpuShares: 300_000 }), { message: 'the maximum allowed cpu-shares is 262144' });
});

test('v1: directories, joins and writes of every limit', async () => {
  const p = await plan(
    v1,
    { Memory: 1e8, CpuShares: 512, NanoCpus: 1.5e9, PidsLimit: 20, MemoryReservation: 5e7, MemorySwappiness: 0 },
    { '/sys/fs/cgroup/cpuset/cpuset.cpus': '0-1\n', '/sys/fs/cgroup/cpuset/cpuset.mems': '0\n' },
  );
  assert.deepEqual(p.directories.slice(0, 2), [
    { path: '/sys/fs/cgroup/cpu,cpuacct/tsdocker', own: false },
    { path: '/sys/fs/cgroup/cpu,cpuacct/tsdocker/c1', own: true },
  ]);
  assert.equal(p.join.length, 7);
  assert.ok(p.join.includes('/sys/fs/cgroup/systemd/tsdocker/c1/tasks'));
  assert.equal(p.memoryDirectory, '/sys/fs/cgroup/memory/tsdocker/c1');
  const written = values(p);
  const expected = [
    'cpuset.cpus=0-1',
    'cpuset.cpus=0-1',
    'cpuset.mems=0',
    'cpuset.mems=0',
    'cpu.shares=512',
    'cpu.cfs_period_us=100000',
    'cpu.cfs_quota_us=150000',
    'memory.limit_in_bytes=100000000',
    'memory.memsw.limit_in_bytes=200000000',
    'memory.soft_limit_in_bytes=50000000',
    'memory.swappiness=0',
    'pids.max=20',
    'devices.deny=a',
    'devices.allow=c *:* m',
  ];
  assert.deepEqual(written.slice(0, expected.length), expected);
  assert.ok(written.includes('devices.allow=c 136:* rwm'));
});

test('v1: raising the limit above the current memory+swap writes memsw first', async () => {
  const limits = await limitsOf({ Memory: 4e8, MemorySwap: 5e8 });
  const order = (current?: bigint) =>
    v1Writes(limits, { bfq: false, ...(current === undefined ? {} : { currentMemorySwap: current }) })[0]!.file;
  assert.equal(order(), 'memory.limit_in_bytes');
  assert.equal(order(1_000_000_000n), 'memory.limit_in_bytes');
  assert.equal(order(200_000_000n), 'memory.memsw.limit_in_bytes');
});

test('v2: controllers are enabled from the top, limits translated', async () => {
  const p = await plan(
    v2,
    {
      Memory: 1e8,
      MemorySwap: 1.5e8,
      CpuShares: 1024,
      CpuQuota: 50000,
      PidsLimit: -1,
      CpusetCpus: '0',
      BlkioWeight: 500,
    },
    { '/sys/fs/cgroup/cgroup.subtree_control': 'cpuset cpu io memory' },
  );
  assert.deepEqual(p.join, ['/sys/fs/cgroup/tsdocker/c1']);
  assert.deepEqual(
    p.writes.slice(0, 2).map((w) => [w.path, w.value]),
    [
      ['/sys/fs/cgroup/cgroup.subtree_control', '+pids'],
      ['/sys/fs/cgroup/tsdocker/cgroup.subtree_control', '+cpuset'],
    ],
  );
  assert.deepEqual(values(p).slice(-7), [
    'cpu.weight=100',
    'cpu.max=50000',
    'cpuset.cpus=0',
    'memory.swap.max=50000000',
    'memory.max=100000000',
    'pids.max=max',
    'io.weight=4950',
  ]);
  await assert.rejects(plan(v2, { CpuRealtimeRuntime: 1000 }), /real-time/);
});

test('shares and weights meet at their ends and defaults', () => {
  assert.deepEqual([2, 1024, 262144, 1].map(weightOfShares), [1, 100, 10000, 1]);
  assert.deepEqual([10, 1000].map(ioWeightOf), [1, 10000]);
});

test('--cgroup-parent stays below the mount', async () => {
  const p = await plan(v2, { CgroupParent: '../../etc' });
  assert.deepEqual(p.join, ['/sys/fs/cgroup/etc/c1']);
});

test('the v2 device program allows what the rules allow', () => {
  const program = deviceProgram([
    ...DEFAULT_RULES,
    { allow: true, type: 'b', major: 8, minor: 1, access: 'r' },
    { allow: false, type: 'c', major: 10, minor: 229, access: 'rwm' },
  ]);
  const READ = 2;
  const WRITE = 4;
  const MKNOD = 1;
  const run = (type: 'b' | 'c', major: number, minor: number, access: number) =>
    runDeviceProgram(program, { type: type === 'b' ? 1 : 2, access, major, minor });
  assert.equal(run('c', 1, 3, READ | WRITE), 1);
  assert.equal(run('c', 1, 1, READ), 0, '/dev/mem');
  assert.equal(run('c', 1, 1, MKNOD), 1, 'making a node is harmless');
  assert.equal(run('c', 136, 7, READ | WRITE), 1);
  assert.equal(run('b', 8, 1, READ), 1);
  assert.equal(run('b', 8, 1, READ | WRITE), 0);
  assert.equal(run('b', 8, 0, READ), 0);
  const all = deviceProgram([{ allow: true, type: 'a', access: 'rwm' }]);
  assert.equal(runDeviceProgram(all, { type: 1, access: 6, major: 8, minor: 0 }), 1);
});
