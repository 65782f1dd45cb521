/** Checks of cgroup limits, in Docker's words. What this kernel cannot do is dropped with a warning. */
import { availableParallelism } from 'node:os';
import type { HostConfig } from '@tsdocker/shared/types/container.ts';
import type { RuntimeCapabilities } from '../runtime/runtime.ts';
import { invalid } from './errors.ts';

const MINIMUM_MEMORY_BYTES = 6 * 1024 * 1024;
const MAXIMUM_CPUSET = 8192;

/** Checks the limits and drops unsupported ones from `h`. @returns warnings @throws InvalidParameter */
export function checkLimits(h: HostConfig, can: RuntimeCapabilities, available: CpusetLists): string[] {
  const warnings: string[] = [];
  checkMemory(h, can, warnings);
  checkPidsAndOom(h, can, warnings);
  checkCpu(h, can, warnings);
  checkCpuset(h, can, available, warnings);
  checkBlkio(h, can, warnings);
  return warnings;
}

function checkMemory(h: HostConfig, can: RuntimeCapabilities, warnings: string[]): void {
  const lacks = (what: string) => `Your kernel does not support ${what} or the cgroup is not mounted.`;
  if (h.Memory && !can.memoryLimit) {
    warnings.push(`${lacks('memory limit capabilities')} Limitation discarded.`);
    h.Memory = 0;
    h.MemorySwap = -1;
  }
  if (h.Memory && h.Memory < MINIMUM_MEMORY_BYTES) throw invalid('Minimum memory limit allowed is 6MB');
  if (h.Memory && h.MemorySwap !== -1 && !can.swapLimit) {
    warnings.push(`${lacks('swap limit capabilities')} Memory limited without swap.`);
    h.MemorySwap = -1;
  }
  const { Memory: memory = 0, MemorySwap: swap = 0, MemoryReservation: reservation = 0 } = h;
  if (memory > 0 && swap > 0 && swap < memory) {
    throw invalid('Minimum memoryswap limit should be larger than memory limit, see usage');
  }
  if (memory === 0 && swap > 0) {
    throw invalid('You should always set the Memory limit when using Memoryswap limit, see usage');
  }
  const swappiness = h.MemorySwappiness;
  if (swappiness !== undefined && swappiness !== null && swappiness !== -1) {
    if (can.cgroupVersion === 2) {
      warnings.push(
        'Your kernel does not support memory swappiness capabilities or the cgroup is not mounted. Memory swappiness discarded.',
      );
      h.MemorySwappiness = null as unknown as number;
    } else if (swappiness < 0 || swappiness > 100) {
      throw invalid(`Invalid value: ${swappiness}, valid memory swappiness range is 0-100`);
    }
  }
  if (reservation > 0 && reservation < MINIMUM_MEMORY_BYTES) {
    throw invalid('Minimum memory reservation allowed is 6MB');
  }
  if (memory > 0 && reservation > 0 && memory < reservation) {
    throw invalid('Minimum memory limit can not be less than memory reservation limit, see usage');
  }
}

function checkPidsAndOom(h: HostConfig, can: RuntimeCapabilities, warnings: string[]): void {
  if (h.OomKillDisable && !can.oomKillDisable) {
    warnings.push('Your kernel does not support OomKillDisable. OomKillDisable discarded.');
    h.OomKillDisable = undefined;
  }
  if (h.OomKillDisable && !h.Memory) {
    warnings.push(
      'OOM killer is disabled for the container, but no memory limit is set, this can result in the system running out of resources.',
    );
  }
  if (h.PidsLimit && h.PidsLimit > 0 && !can.pidsLimit) {
    warnings.push(
      'Your kernel does not support PIDs limit capabilities or the cgroup is not mounted. PIDs limit discarded.',
    );
    h.PidsLimit = null;
  }
}

function checkCpu(h: HostConfig, can: RuntimeCapabilities, warnings: string[]): void {
  const { NanoCpus: nano = 0, CpuPeriod: period = 0, CpuQuota: quota = 0 } = h;
  if (nano > 0 && period > 0) throw invalid('Conflicting options: Nano CPUs and CPU Period cannot both be set');
  if (nano > 0 && quota > 0) throw invalid('Conflicting options: Nano CPUs and CPU Quota cannot both be set');
  if (nano > 0 && !can.cpuCfs) {
    throw invalid(
      'NanoCPUs can not be set, as your kernel does not support CPU CFS scheduler or the cgroup is not mounted',
    );
  }
  const cpus = availableParallelism();
  if (nano < 0 || nano > cpus * 1e9) {
    throw invalid(`Range of CPUs is from 0.01 to ${cpus}.00, as there are only ${cpus} CPUs available`);
  }
  if (h.CpuShares && !can.cpuShares) {
    warnings.push('Your kernel does not support CPU shares or the cgroup is not mounted. Shares discarded.');
    h.CpuShares = 0;
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

/** What the host has, as the kernel lists it: `0-1`. */
export interface CpusetLists {
  cpus: string;
  mems: string;
}

function checkCpuset(h: HostConfig, can: RuntimeCapabilities, available: CpusetLists, warnings: string[]): void {
  if ((h.CpusetCpus || h.CpusetMems) && !can.cpuset) {
    warnings.push('Your kernel does not support cpuset or the cgroup is not mounted. Cpuset discarded.');
    h.CpusetCpus = '';
    h.CpusetMems = '';
  }
  if (h.CpusetCpus && !isSubset(h.CpusetCpus, available.cpus, 'cpus')) {
    throw invalid(`Requested CPUs are not available - requested ${h.CpusetCpus}, available: ${available.cpus}`);
  }
  if (h.CpusetMems && !isSubset(h.CpusetMems, available.mems, 'mems')) {
    throw invalid(`Requested memory nodes are not available - requested ${h.CpusetMems}, available: ${available.mems}`);
  }
}

function isSubset(asked: string, available: string, what: 'cpus' | 'mems'): boolean {
  const has = parseCpuset(available, what);
  return [...parseCpuset(asked, what)].every((n) => has.has(n));
}

/** `0-2,5` as a set. @throws InvalidParameter */
export function parseCpuset(text: string, what: 'cpus' | 'mems'): Set<number> {
  const numbers = new Set<number>();
  for (const part of text.split(',')) {
    const match = /^(\d+)(?:-(\d+))?$/.exec(part.trim());
    const low = Number(match?.[1]);
    const high = Number(match?.[2] ?? match?.[1]);
    if (!match || high < low) throw invalid(`Invalid value ${text} for cpuset ${what}: invalid format: ${text}`);
    if (high > MAXIMUM_CPUSET) {
      throw invalid(`Invalid value ${text} for cpuset ${what}: value of out range, maximum is ${MAXIMUM_CPUSET}`);
    }
    for (let n = low; n <= high; n++) numbers.add(n);
  }
  return numbers;
}

function checkBlkio(h: HostConfig, can: RuntimeCapabilities, warnings: string[]): void {
  if (h.BlkioWeight && !can.blkioWeight) {
    warnings.push('Your kernel does not support Block I/O weight or the cgroup is not mounted. Weight discarded.');
    h.BlkioWeight = 0;
  }
  if (h.BlkioWeight && (h.BlkioWeight < 10 || h.BlkioWeight > 1000)) {
    throw invalid('Range of blkio weight is from 10 to 1000');
  }
  if (h.IOMaximumBandwidth || h.IOMaximumIOps) {
    throw invalid('Invalid QoS settings: linux does not support Maximum IO Bandwidth or Maximum IO IOps');
  }
}
