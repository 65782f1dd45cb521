import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkLimits } from '../../../../packages/daemon/src/containers/limits.ts';
import type { CgroupFeatures } from '../../../../packages/daemon/src/runtime/cgroup/features.ts';
import type { HostConfig } from '../../../../packages/shared/src/types/container.ts';

const supported = (value: boolean): CgroupFeatures => ({
  cgroupVersion: 1,
  memoryLimit: value,
  swapLimit: value,
  cpuCfs: value,
  cpuShares: value,
  cpuset: value,
  pidsLimit: value,
  blkioWeight: value,
  oomKillDisable: value,
  kernelMemoryTcp: value,
  memoryReservation: value,
  memorySwappiness: value,
  cpuRealtime: value,
  blkioWeightDevice: value,
  readBps: value,
  writeBps: value,
  readIops: value,
  writeIops: value,
  cpus: '0-1',
  mems: '0',
});
const check = (resources: Partial<HostConfig>, all = true, update = false) => {
  const checked = { ...resources } as HostConfig;
  return { resources: checked, warnings: checkLimits(checked, supported(all), { update, cpuCount: 2 }) };
};

test('impossible limits are refused with Docker words', () => {
  const rows: [Partial<HostConfig>, string][] = [
    [{ Memory: 1024 }, 'Minimum memory limit allowed is 6MB'],
    [{ Memory: 1e8, MemorySwap: 5e7 }, 'Minimum memoryswap limit should be larger than memory limit, see usage'],
    [{ MemorySwap: 5e7 }, 'You should always set the Memory limit when using Memoryswap limit, see usage'],
    [{ MemorySwappiness: 101 }, 'Invalid value: 101, valid memory swappiness range is 0-100'],
    [{ NanoCpus: 3e9 }, 'range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available'],
    [{ NanoCpus: 1e9, CpuPeriod: 1000 }, 'Conflicting options: Nano CPUs and CPU Period cannot both be set'],
    [{ NanoCpus: -1 }, 'range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available'],
    [{ NanoCpus: 1e9, CpuQuota: 1000 }, 'Conflicting options: Nano CPUs and CPU Quota cannot both be set'],
    [{ CpuShares: -1 }, 'invalid CPU shares (-1): value must be a positive integer'],
    [{ CpuPeriod: 10 }, 'CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)'],
    [
      { CpuRealtimePeriod: 5, CpuRealtimeRuntime: 6 },
      'cpu real-time runtime cannot be higher than cpu real-time period',
    ],
    [{ Memory: -1 }, 'Minimum memory limit allowed is 6MB'],
    [{ MemoryReservation: 1024 }, 'Minimum memory reservation allowed is 6MB'],
    [
      { Memory: 1e7, MemoryReservation: 2e7 },
      'Minimum memory limit can not be less than memory reservation limit, see usage',
    ],
    [{ CpusetCpus: '0-9999' }, 'Invalid value 0-9999 for cpuset cpus: value of out range, maximum is 8192'],
    [{ IOMaximumIOps: 5 }, 'Invalid QoS settings: linux does not support Maximum IO Bandwidth or Maximum IO IOps'],
    [{ CpuQuota: 10 }, 'CPU cfs quota can not be less than 1ms (i.e. 1000)'],
    [{ CpusetCpus: '0-7' }, 'Requested CPUs are not available - requested 0-7, available: 0-1'],
    [{ CpusetCpus: 'x' }, 'Invalid value x for cpuset cpus: invalid format: x'],
    [{ CpusetMems: '1' }, 'Requested memory nodes are not available - requested 1, available: 0'],
    [{ BlkioWeight: 5 }, 'Range of blkio weight is from 10 to 1000'],
  ];
  for (const [resources, message] of rows) assert.throws(() => check(resources), { message, code: 'InvalidParameter' });
  assert.doesNotThrow(() => check({ MemorySwap: 5e7 }, true, true));
});

test('what the kernel lacks is discarded with a warning', () => {
  const { resources, warnings } = check({ Memory: 1e8, PidsLimit: 5, CpuShares: 2, MemorySwappiness: 1 }, false);
  assert.deepEqual(
    [resources.Memory, resources.MemorySwap, resources.PidsLimit, resources.CpuShares],
    [0, -1, null, 0],
  );
  assert.equal(warnings.length, 4);
  assert.equal(
    warnings[0],
    'Your kernel does not support memory limit capabilities or the cgroup is not mounted. Limitation discarded.',
  );
  assert.deepEqual(check({ Memory: 1e8 }).warnings, []);
});

test('every limit a kernel can lack has its own warning, and two are errors', () => {
  const device = [{ Path: '/dev/x', Rate: 1, Weight: 10 }];
  const rows: [Partial<HostConfig>, string][] = [
    [
      { MemorySwappiness: 1 },
      'memory swappiness capabilities or the cgroup is not mounted. Memory swappiness discarded.',
    ],
    [{ MemoryReservation: 1e8 }, 'memory soft limit capabilities or the cgroup is not mounted. Limitation discarded.'],
    [{ OomKillDisable: true }, 'OomKillDisable. OomKillDisable discarded.'],
    [{ PidsLimit: 5 }, 'PIDs limit capabilities or the cgroup is not mounted. PIDs limit discarded.'],
    [{ CpuShares: 5 }, 'CPU shares or the cgroup is not mounted. Shares discarded.'],
    [{ CpuPeriod: 5 }, 'CPU CFS scheduler. CPU period/quota discarded.'],
    [{ CpusetCpus: '0' }, 'cpuset or the cgroup is not mounted. Cpuset discarded.'],
    [{ BlkioWeight: 5 }, 'Block I/O weight or the cgroup is not mounted. Weight discarded.'],
    [{ BlkioWeightDevice: device }, 'Block I/O weight_device or the cgroup is not mounted. Weight-device discarded.'],
    [
      { BlkioDeviceReadBps: device },
      'BPS Block I/O read limit or the cgroup is not mounted. Block I/O BPS read limit discarded.',
    ],
    [
      { BlkioDeviceWriteBps: device },
      'BPS Block I/O write limit or the cgroup is not mounted. Block I/O BPS write limit discarded.',
    ],
    [
      { BlkioDeviceReadIOps: device },
      'IOPS Block read limit or the cgroup is not mounted. Block I/O IOPS read limit discarded.',
    ],
    [
      { BlkioDeviceWriteIOps: device },
      'IOPS Block write limit or the cgroup is not mounted. Block I/O IOPS write limit discarded.',
    ],
  ];
  for (const [resources, lacking] of rows) {
    assert.deepEqual(check(resources, false).warnings, [`Your kernel does not support ${lacking}`]);
    const [member] = Object.keys(resources) as [keyof HostConfig];
    assert.notDeepEqual(check(resources, false).resources[member], resources[member]);
  }
  assert.throws(() => check({ CpuRealtimePeriod: 1 }, false), {
    message: 'Your kernel does not support CPU real-time scheduler',
  });
  assert.throws(() => check({ NanoCpus: 1e9 }, false), {
    message: 'NanoCPUs can not be set, as your kernel does not support CPU CFS scheduler or the cgroup is not mounted',
  });
  assert.deepEqual(check({ Memory: 1e8, MemorySwap: 2e8 }, true).warnings, []);
});

test('only an update may set the swap limit alone, and an unlimited container without an OOM killer is warned of', () => {
  assert.deepEqual(check({ MemorySwap: 5e7 }, true, true).warnings, []);
  const risk = 'this can result in the system running out of resources.';
  assert.deepEqual(check({ OomKillDisable: true }).warnings, [
    `OOM killer is disabled for the container, but no memory limit is set, ${risk}`,
  ]);
});
