/** Checks limits against each other and against what the kernel offers, with Docker's words. Used at create and update. */
import { DockerError } from '@tsdocker/shared/errors.ts';
import type { HostConfig } from '@tsdocker/shared/types/container.ts';
import { cpuListIncludes, parseCpuList } from './cpu-list.ts';
import type { CgroupFeatures } from './features.ts';

export interface ValidationHost {
  features: CgroupFeatures;
  cpuCount: number;
}

const MIN_MEMORY = 6 * 1024 * 1024;

/**
 * @param update the limits change those of an existing container, which may have the memory limit already
 * @returns warnings, and the resources without what the kernel can not do
 * @throws InvalidParameter
 */
export function validateResources<T extends HostConfig>(
  resources: T,
  host: ValidationHost,
  opts: { update: boolean },
): { resources: T; warnings: string[] } {
  const checked = { ...resources };
  const warnings: string[] = [];
  memory(checked, host.features, warnings, opts.update);
  cpu(checked, host, warnings);
  cpuset(checked, host.features, warnings);
  blkio(checked, host.features, warnings);
  return { resources: checked, warnings };
}

function memory(r: HostConfig, has: CgroupFeatures, warnings: string[], update: boolean): void {
  const missing = 'or the cgroup is not mounted';
  if (r.Memory && r.Memory > 0 && r.Memory < MIN_MEMORY) throw invalid('Minimum memory limit allowed is 6MB');
  if (r.Memory && r.Memory > 0 && !has.memoryLimit) {
    warnings.push(`Your kernel does not support memory limit capabilities ${missing}. Limitation discarded.`);
    r.Memory = 0;
    r.MemorySwap = -1;
  }
  if (r.Memory && r.Memory > 0 && r.MemorySwap !== -1 && !has.swapLimit) {
    warnings.push(`Your kernel does not support swap limit capabilities ${missing}. Memory limited without swap.`);
    r.MemorySwap = -1;
  }
  if (r.Memory && r.Memory > 0 && r.MemorySwap && r.MemorySwap > 0 && r.MemorySwap < r.Memory) {
    throw invalid('Minimum memoryswap limit should be larger than memory limit, see usage');
  }
  if (!r.Memory && r.MemorySwap && r.MemorySwap > 0 && !update) {
    throw invalid('You should always set the Memory limit when using Memoryswap limit, see usage');
  }
  swappiness(r, has, warnings);
  if (r.MemoryReservation && r.MemoryReservation > 0 && !has.memoryReservation) {
    warnings.push(`Your kernel does not support memory soft limit capabilities ${missing}. Limitation discarded.`);
    r.MemoryReservation = 0;
  }
  if (r.MemoryReservation && r.MemoryReservation > 0 && r.MemoryReservation < MIN_MEMORY) {
    throw invalid('Minimum memory reservation allowed is 6MB');
  }
  if (r.Memory && r.Memory > 0 && r.MemoryReservation && r.Memory < r.MemoryReservation) {
    throw invalid('Minimum memory limit can not be less than memory reservation limit, see usage');
  }
  oomAndPids(r, has, warnings);
}

function swappiness(r: HostConfig, has: CgroupFeatures, warnings: string[]): void {
  const value = r.MemorySwappiness;
  if (value === undefined || value === null || value === -1) return;
  if (!has.memorySwappiness) {
    const what = 'Your kernel does not support memory swappiness capabilities or the cgroup is not mounted';
    warnings.push(`${what}. Memory swappiness discarded.`);
    delete r.MemorySwappiness;
  } else if (value < 0 || value > 100) {
    throw invalid(`Invalid value: ${value}, valid memory swappiness range is 0-100`);
  }
}

function oomAndPids(r: HostConfig, has: CgroupFeatures, warnings: string[]): void {
  if (r.OomKillDisable && !has.oomKillDisable) {
    warnings.push('Your kernel does not support OomKillDisable. OomKillDisable discarded.');
    delete r.OomKillDisable;
  }
  if (r.OomKillDisable && !r.Memory) {
    const effect = 'this can result in the system running out of resources';
    warnings.push(`OOM killer is disabled for the container, but no memory limit is set, ${effect}.`);
  }
  if (r.PidsLimit && r.PidsLimit > 0 && !has.pidsLimit) {
    const what = 'Your kernel does not support PIDs limit capabilities or the cgroup is not mounted';
    warnings.push(`${what}. PIDs limit discarded.`);
    r.PidsLimit = 0;
  }
}

function cpu(r: HostConfig, { features: has, cpuCount }: ValidationHost, warnings: string[]): void {
  nanoCpus(r, has, cpuCount);
  if (r.CpuShares && r.CpuShares > 0 && !has.cpuShares) {
    warnings.push('Your kernel does not support CPU shares or the cgroup is not mounted. Shares discarded.');
    r.CpuShares = 0;
  }
  if ((r.CpuPeriod || r.CpuQuota) && !has.cpuCfs) {
    warnings.push('Your kernel does not support CPU CFS scheduler. CPU period/quota discarded.');
    r.CpuPeriod = 0;
    r.CpuQuota = 0;
  }
  if (r.CpuPeriod && (r.CpuPeriod < 1000 || r.CpuPeriod > 1_000_000)) {
    throw invalid('CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)');
  }
  if (r.CpuQuota && r.CpuQuota > 0 && r.CpuQuota < 1000) {
    throw invalid('CPU cfs quota can not be less than 1ms (i.e. 1000)');
  }
  if (r.CpuPercent && r.CpuPercent > 0) {
    warnings.push('linux does not support CPU percent. Percent discarded.');
    r.CpuPercent = 0;
  }
  if ((r.CpuRealtimePeriod || r.CpuRealtimeRuntime) && !has.cpuRealtime) {
    throw invalid('Your kernel does not support CPU real-time scheduler');
  }
  if (r.CpuRealtimePeriod && r.CpuRealtimeRuntime && r.CpuRealtimeRuntime > r.CpuRealtimePeriod) {
    throw invalid('cpu real-time runtime cannot be higher than cpu real-time period');
  }
}

function nanoCpus(r: HostConfig, has: CgroupFeatures, cpuCount: number): void {
  if (!r.NanoCpus) return;
  if (r.CpuPeriod) throw invalid('Conflicting options: Nano CPUs and CPU Period cannot both be set.');
  if (r.CpuQuota) throw invalid('Conflicting options: Nano CPUs and CPU Quota cannot both be set.');
  if (!has.cpuCfs) {
    const why = 'as your kernel does not support CPU CFS scheduler or the cgroup is not mounted';
    throw invalid(`NanoCPUs can not be set, ${why}`);
  }
  // 0.01 CPU is the kernel's smallest quota (1 ms) in a period of 100 ms.
  if (r.NanoCpus < 1e7 || r.NanoCpus > cpuCount * 1e9) {
    throw invalid(`range of CPUs is from 0.01 to ${cpuCount}.00, as there are only ${cpuCount} CPUs available`);
  }
}

function cpuset(r: HostConfig, has: CgroupFeatures, warnings: string[]): void {
  if ((r.CpusetCpus || r.CpusetMems) && !has.cpuset) {
    warnings.push('Your kernel does not support cpuset or the cgroup is not mounted. CPUset discarded.');
    r.CpusetCpus = '';
    r.CpusetMems = '';
  }
  checkList(r.CpusetCpus, has.cpus, 'cpus', 'CPUs');
  checkList(r.CpusetMems, has.mems, 'mems', 'memory nodes');
}

function checkList(wanted: string | undefined, available: string, kind: string, what: string): void {
  if (!wanted) return;
  const list = parseCpuList(wanted);
  if (!list) throw invalid(`Invalid value ${wanted} for cpuset ${kind}`);
  if (!cpuListIncludes(parseCpuList(available) ?? [], list)) {
    throw invalid(`Requested ${what} are not available - requested ${wanted}, available: ${available}`);
  }
}

function blkio(r: HostConfig, has: CgroupFeatures, warnings: string[]): void {
  if (r.BlkioWeight && (r.BlkioWeight < 10 || r.BlkioWeight > 1000)) {
    throw invalid('Range of blkio weight is from 10 to 1000');
  }
  if (r.BlkioWeight && !has.blkioWeight) {
    warnings.push('Your kernel does not support Block I/O weight or the cgroup is not mounted. Weight discarded.');
    r.BlkioWeight = 0;
  }
  if (r.IOMaximumBandwidth) throw invalid('Invalid QoS settings: linux does not support Maximum IO Bandwidth');
  if (r.IOMaximumIOps) throw invalid('Invalid QoS settings: linux does not support Maximum IO IOps');
  const discard = (
    key:
      | 'BlkioWeightDevice'
      | 'BlkioDeviceReadBps'
      | 'BlkioDeviceWriteBps'
      | 'BlkioDeviceReadIOps'
      | 'BlkioDeviceWriteIOps',
    supported: boolean,
    warning: string,
  ) => {
    if (!r[key]?.length || supported) return;
    warnings.push(`Your kernel does not support ${warning} discarded.`);
    r[key] = [];
  };
  const gone = 'or the cgroup is not mounted';
  discard('BlkioWeightDevice', has.blkioWeightDevice, `Block I/O weight_device ${gone}. Weight-device`);
  discard('BlkioDeviceReadBps', has.readBps, `BPS Block I/O read limit ${gone}. Block I/O BPS read limit`);
  discard('BlkioDeviceWriteBps', has.writeBps, `BPS Block I/O write limit ${gone}. Block I/O BPS write limit`);
  discard('BlkioDeviceReadIOps', has.readIops, `IOPS Block read limit ${gone}. Block I/O IOPS read limit`);
  discard('BlkioDeviceWriteIOps', has.writeIops, `IOPS Block write limit ${gone}. Block I/O IOPS write limit`);
}

function invalid(message: string): DockerError {
  return new DockerError('InvalidParameter', message);
}
