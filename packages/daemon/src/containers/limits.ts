/** Checks of cgroup limits at create and update, in Docker's words. What this kernel cannot do is dropped with a warning. */
import { availableParallelism } from 'node:os';
import type { HostConfig } from '@tsdocker/shared/types/container.ts';
import { parseCpuList } from '../runtime/cgroup/cpu-list.ts';
import type { CgroupFeatures } from '../runtime/cgroup/features.ts';
import { invalid } from './errors.ts';

const MINIMUM_MEMORY_BYTES = 6 * 1024 * 1024;
const NOT_MOUNTED = 'or the cgroup is not mounted.';

export interface LimitChecks {
  /** The limits change those of a container, which may have its memory limit already. */
  update: boolean;
  /** Default: this machine's. */
  cpuCount?: number;
}

/** Checks the limits and drops unsupported ones from `h`. @returns warnings @throws InvalidParameter */
export function checkLimits(h: HostConfig, can: CgroupFeatures, checks: LimitChecks): string[] {
  const warnings: string[] = [];
  checkRealtime(h, can);
  checkMemory(h, can, warnings, checks);
  checkSwappiness(h, can, warnings);
  checkReservation(h, can, warnings);
  checkPidsAndOom(h, can, warnings);
  checkCpu(h, can, warnings, checks.cpuCount ?? availableParallelism());
  checkCpuset(h, can, warnings);
  checkBlkio(h, can, warnings);
  return warnings;
}

function checkMemory(h: HostConfig, can: CgroupFeatures, warnings: string[], { update }: LimitChecks): void {
  if (h.Memory && h.Memory < MINIMUM_MEMORY_BYTES) throw invalid('Minimum memory limit allowed is 6MB');
  if (h.Memory && !can.memoryLimit) {
    warnings.push(`Your kernel does not support memory limit capabilities ${NOT_MOUNTED} Limitation discarded.`);
    h.Memory = 0;
    h.MemorySwap = -1;
  }
  if (h.Memory && h.MemorySwap !== -1 && !can.swapLimit) {
    warnings.push(`Your kernel does not support swap limit capabilities ${NOT_MOUNTED} Memory limited without swap.`);
    h.MemorySwap = -1;
  }
  const { Memory: memory = 0, MemorySwap: swap = 0 } = h;
  if (memory > 0 && swap > 0 && swap < memory) {
    throw invalid('Minimum memoryswap limit should be larger than memory limit, see usage');
  }
  if (memory === 0 && swap > 0 && !update) {
    throw invalid('You should always set the Memory limit when using Memoryswap limit, see usage');
  }
}

function checkSwappiness(h: HostConfig, can: CgroupFeatures, warnings: string[]): void {
  const value = h.MemorySwappiness;
  if (value === undefined || value === null || value === -1) return;
  if (!can.memorySwappiness) {
    const lack = `Your kernel does not support memory swappiness capabilities ${NOT_MOUNTED}`;
    warnings.push(`${lack} Memory swappiness discarded.`);
    delete h.MemorySwappiness;
  } else if (value < 0 || value > 100) {
    throw invalid(`Invalid value: ${value}, valid memory swappiness range is 0-100`);
  }
}

function checkReservation(h: HostConfig, can: CgroupFeatures, warnings: string[]): void {
  if (h.MemoryReservation && h.MemoryReservation > 0 && !can.memoryReservation) {
    warnings.push(`Your kernel does not support memory soft limit capabilities ${NOT_MOUNTED} Limitation discarded.`);
    h.MemoryReservation = 0;
  }
  const { Memory: memory = 0, MemoryReservation: reservation = 0 } = h;
  if (reservation > 0 && reservation < MINIMUM_MEMORY_BYTES) {
    throw invalid('Minimum memory reservation allowed is 6MB');
  }
  if (memory > 0 && reservation > 0 && memory < reservation) {
    throw invalid('Minimum memory limit can not be less than memory reservation limit, see usage');
  }
}

function checkPidsAndOom(h: HostConfig, can: CgroupFeatures, warnings: string[]): void {
  if (!can.oomKillDisable) {
    if (h.OomKillDisable) warnings.push('Your kernel does not support OomKillDisable. OomKillDisable discarded.');
    delete h.OomKillDisable;
  }
  if (h.OomKillDisable && !h.Memory) {
    warnings.push(
      'OOM killer is disabled for the container, but no memory limit is set, this can result in the system running out of resources.',
    );
  }
  if (h.PidsLimit && !can.pidsLimit) {
    const lack = `Your kernel does not support PIDs limit capabilities ${NOT_MOUNTED}`;
    if (h.PidsLimit > 0) warnings.push(`${lack} PIDs limit discarded.`);
    h.PidsLimit = null;
  }
}

function checkRealtime(h: HostConfig, can: CgroupFeatures): void {
  const { CpuRealtimePeriod: period = 0, CpuRealtimeRuntime: runtime = 0 } = h;
  if ((period || runtime) && !can.cpuRealtime) throw invalid('Your kernel does not support CPU real-time scheduler');
  if (period && runtime > period) throw invalid('cpu real-time runtime cannot be higher than cpu real-time period');
}

function checkCpu(h: HostConfig, can: CgroupFeatures, warnings: string[], cpus: number): void {
  const { NanoCpus: nano = 0, CpuPeriod: period = 0, CpuQuota: quota = 0, CpuShares: shares = 0 } = h;
  if (nano > 0 && period > 0) throw invalid('Conflicting options: Nano CPUs and CPU Period cannot both be set');
  if (nano > 0 && quota > 0) throw invalid('Conflicting options: Nano CPUs and CPU Quota cannot both be set');
  if (nano > 0 && !can.cpuCfs) {
    const why = `as your kernel does not support CPU CFS scheduler ${NOT_MOUNTED.replace(/\.$/, '')}`;
    throw invalid(`NanoCPUs can not be set, ${why}`);
  }
  if (nano < 0 || nano > cpus * 1e9) {
    throw invalid(`range of CPUs is from 0.01 to ${cpus}.00, as there are only ${cpus} CPUs available`);
  }
  if (shares < 0 && can.cpuShares) {
    throw invalid(`invalid CPU shares (${shares}): value must be a positive integer`);
  }
  if (shares > 0 && !can.cpuShares) {
    warnings.push(`Your kernel does not support CPU shares ${NOT_MOUNTED} Shares discarded.`);
    h.CpuShares = 0;
  }
  if (h.CpuPercent && h.CpuPercent > 0) {
    warnings.push('linux does not support CPU percent. Percent discarded.');
    h.CpuPercent = 0;
  }
  if ((period || quota) && !can.cpuCfs) {
    warnings.push('Your kernel does not support CPU CFS scheduler. CPU period/quota discarded.');
    h.CpuPeriod = 0;
    h.CpuQuota = 0;
    return;
  }
  if (period && (period < 1000 || period > 1_000_000)) {
    throw invalid('CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)');
  }
  if (quota > 0 && quota < 1000) throw invalid('CPU cfs quota can not be less than 1ms (i.e. 1000)');
}

function checkCpuset(h: HostConfig, can: CgroupFeatures, warnings: string[]): void {
  if ((h.CpusetCpus || h.CpusetMems) && !can.cpuset) {
    warnings.push(`Your kernel does not support cpuset ${NOT_MOUNTED} Cpuset discarded.`);
    h.CpusetCpus = '';
    h.CpusetMems = '';
  }
  if (h.CpusetCpus && !isSubset(h.CpusetCpus, can.cpus, 'cpus')) {
    throw invalid(`Requested CPUs are not available - requested ${h.CpusetCpus}, available: ${can.cpus}`);
  }
  if (h.CpusetMems && !isSubset(h.CpusetMems, can.mems, 'mems')) {
    throw invalid(`Requested memory nodes are not available - requested ${h.CpusetMems}, available: ${can.mems}`);
  }
}

function isSubset(asked: string, available: string, what: 'cpus' | 'mems'): boolean {
  const parse = (text: string) => {
    try {
      return parseCpuList(text);
    } catch (cause) {
      throw invalid(`Invalid value ${text} for cpuset ${what}: ${(cause as Error).message}`, cause);
    }
  };
  const has = parse(available);
  return [...parse(asked)].every((n) => has.has(n));
}

/** Lists for single devices: member, feature, and what the kernel then lacks and Docker drops. */
const DEVICE_LISTS = [
  ['BlkioWeightDevice', 'blkioWeightDevice', 'Block I/O weight_device', 'Weight-device'],
  ['BlkioDeviceReadBps', 'readBps', 'BPS Block I/O read limit', 'Block I/O BPS read limit'],
  ['BlkioDeviceWriteBps', 'writeBps', 'BPS Block I/O write limit', 'Block I/O BPS write limit'],
  ['BlkioDeviceReadIOps', 'readIops', 'IOPS Block read limit', 'Block I/O IOPS read limit'],
  ['BlkioDeviceWriteIOps', 'writeIops', 'IOPS Block write limit', 'Block I/O IOPS write limit'],
] as const;

function checkBlkio(h: HostConfig, can: CgroupFeatures, warnings: string[]): void {
  if (h.BlkioWeight && !can.blkioWeight) {
    warnings.push(`Your kernel does not support Block I/O weight ${NOT_MOUNTED} Weight discarded.`);
    h.BlkioWeight = 0;
  }
  if (h.BlkioWeight && (h.BlkioWeight < 10 || h.BlkioWeight > 1000)) {
    throw invalid('Range of blkio weight is from 10 to 1000');
  }
  if (h.IOMaximumBandwidth || h.IOMaximumIOps) {
    throw invalid('Invalid QoS settings: linux does not support Maximum IO Bandwidth or Maximum IO IOps');
  }
  for (const [member, feature, lacking, dropped] of DEVICE_LISTS) {
    if (!h[member]?.length || can[feature]) continue;
    warnings.push(`Your kernel does not support ${lacking} ${NOT_MOUNTED} ${dropped} discarded.`);
    h[member] = [];
  }
}
