import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CgroupFeatures } from '../../../../../packages/daemon/src/runtime/cgroup/features.ts';
import { validateResources } from '../../../../../packages/daemon/src/runtime/cgroup/validate.ts';
import type { HostConfig } from '../../../../../packages/shared/src/types/container.ts';

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
const check = (resources: Partial<HostConfig>, all = true, update = false) =>
  validateResources(resources as HostConfig, { features: supported(all), cpuCount: 2 }, { update });

test('impossible limits are refused with Docker words', () => {
  const rows: [Partial<HostConfig>, string][] = [
    [{ Memory: 1024 }, 'Minimum memory limit allowed is 6MB'],
    [{ Memory: 1e8, MemorySwap: 5e7 }, 'Minimum memoryswap limit should be larger than memory limit, see usage'],
    [{ MemorySwap: 5e7 }, 'You should always set the Memory limit when using Memoryswap limit, see usage'],
    [{ MemorySwappiness: 101 }, 'Invalid value: 101, valid memory swappiness range is 0-100'],
    [{ NanoCpus: 3e9 }, 'range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available'],
    [{ NanoCpus: 1e9, CpuPeriod: 1000 }, 'Conflicting options: Nano CPUs and CPU Period cannot both be set.'],
    [{ CpuQuota: 10 }, 'CPU cfs quota can not be less than 1ms (i.e. 1000)'],
    [{ CpusetCpus: '0-7' }, 'Requested CPUs are not available - requested 0-7, available: 0-1'],
    [{ CpusetCpus: 'x' }, 'Invalid value x for cpuset cpus'],
    [{ CpusetMems: '1' }, 'Requested memory nodes are not available - requested 1, available: 0'],
    [{ BlkioWeight: 5 }, 'Range of blkio weight is from 10 to 1000'],
  ];
  for (const [resources, message] of rows) assert.throws(() => check(resources), { message, code: 'InvalidParameter' });
  assert.doesNotThrow(() => check({ MemorySwap: 5e7 }, true, true));
});

test('what the kernel lacks is discarded with a warning', () => {
  const { resources, warnings } = check({ Memory: 1e8, PidsLimit: 5, CpuShares: 2, MemorySwappiness: 1 }, false);
  assert.deepEqual([resources.Memory, resources.MemorySwap, resources.PidsLimit, resources.CpuShares], [0, -1, 0, 0]);
  assert.equal(warnings.length, 4);
  assert.equal(
    warnings[0],
    'Your kernel does not support memory limit capabilities or the cgroup is not mounted. Limitation discarded.',
  );
  assert.deepEqual(check({ Memory: 1e8 }).warnings, []);
});
