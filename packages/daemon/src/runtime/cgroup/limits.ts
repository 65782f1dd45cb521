/** HostConfig's resources as numbers the cgroup files take; unset stays undefined. */
import { stat } from 'node:fs/promises';
import { DockerError } from '@tsdocker/shared/errors.ts';
import type { Resources } from '@tsdocker/shared/types/container.ts';
import { splitDeviceNumber } from '../spec/devices.ts';

/** KernelMemoryTCP left the API's schema but is still sent. */
export type LimitedResources = Resources & { KernelMemoryTCP?: number };

export interface CgroupLimits {
  cpuShares?: number;
  /** Microseconds; quota -1 = unlimited. */
  cpuPeriod?: number;
  cpuQuota?: number;
  cpuRealtimePeriod?: number;
  cpuRealtimeRuntime?: number;
  cpusetCpus?: string;
  cpusetMems?: string;
  /** Bytes; -1 = unlimited. */
  memory?: number;
  /** Memory and swap together. */
  memorySwap?: number;
  memoryReservation?: number;
  swappiness?: number;
  oomKillDisable?: boolean;
  kernelMemoryTcp?: number;
  /** -1 = unlimited. */
  pids?: number;
  blkioWeight?: number;
  blkioWeightDevices: DeviceValue[];
  throttles: { readBps: DeviceValue[]; writeBps: DeviceValue[]; readIops: DeviceValue[]; writeIops: DeviceValue[] };
}

/** `number` is maj:min. */
export interface DeviceValue {
  number: string;
  value: number;
}

const PERIOD_OF_NANO_CPUS = 100_000;

/** @throws System when a block device of a throttle can not be found */
export async function limitsOf(resources: LimitedResources): Promise<CgroupLimits> {
  const r = resources;
  const throttles = {
    readBps: await deviceValues(r.BlkioDeviceReadBps, (d) => d.Rate),
    writeBps: await deviceValues(r.BlkioDeviceWriteBps, (d) => d.Rate),
    readIops: await deviceValues(r.BlkioDeviceReadIOps, (d) => d.Rate),
    writeIops: await deviceValues(r.BlkioDeviceWriteIOps, (d) => d.Rate),
  };
  const limits: CgroupLimits = {
    blkioWeightDevices: await deviceValues(r.BlkioWeightDevice, (d) => d.Weight),
    throttles,
    ...cpuLimits(r),
    ...memoryLimits(r),
  };
  if (typeof r.PidsLimit === 'number') limits.pids = r.PidsLimit <= 0 ? -1 : r.PidsLimit;
  if (r.BlkioWeight) limits.blkioWeight = r.BlkioWeight;
  return limits;
}

function cpuLimits(r: LimitedResources): Partial<CgroupLimits> {
  const limits: Partial<CgroupLimits> = {};
  if (r.CpuShares) limits.cpuShares = r.CpuShares;
  if (r.NanoCpus) {
    limits.cpuPeriod = PERIOD_OF_NANO_CPUS;
    limits.cpuQuota = Math.floor((r.NanoCpus * PERIOD_OF_NANO_CPUS) / 1e9);
  } else {
    if (r.CpuPeriod) limits.cpuPeriod = r.CpuPeriod;
    if (r.CpuQuota) limits.cpuQuota = r.CpuQuota;
  }
  if (r.CpuRealtimePeriod) limits.cpuRealtimePeriod = r.CpuRealtimePeriod;
  if (r.CpuRealtimeRuntime) limits.cpuRealtimeRuntime = r.CpuRealtimeRuntime;
  if (r.CpusetCpus) limits.cpusetCpus = r.CpusetCpus;
  if (r.CpusetMems) limits.cpusetMems = r.CpusetMems;
  return limits;
}

/** Memory without swap allows as much swap again, as Docker does. */
function memoryLimits(r: LimitedResources): Partial<CgroupLimits> {
  const limits: Partial<CgroupLimits> = {};
  if (r.Memory) limits.memory = r.Memory;
  const swap = r.MemorySwap || (r.Memory && r.Memory > 0 ? r.Memory * 2 : 0);
  if (swap) limits.memorySwap = swap;
  if (r.MemoryReservation) limits.memoryReservation = r.MemoryReservation;
  if (typeof r.MemorySwappiness === 'number' && r.MemorySwappiness >= 0) limits.swappiness = r.MemorySwappiness;
  if (r.OomKillDisable) limits.oomKillDisable = true;
  if (r.KernelMemoryTCP) limits.kernelMemoryTcp = r.KernelMemoryTCP;
  return limits;
}

async function deviceValues<T extends { Path?: string }>(
  devices: readonly T[] | null | undefined,
  read: (device: T) => number | undefined,
): Promise<DeviceValue[]> {
  return Promise.all(
    (devices ?? []).map(async (device) => {
      const stats = await stat(device.Path ?? '').catch((cause: NodeJS.ErrnoException) => {
        const why = cause.code === 'ENOENT' ? 'no such file or directory' : cause.message;
        throw new DockerError('System', `stat ${device.Path}: ${why}`, { cause });
      });
      if (!stats.isBlockDevice()) throw new DockerError('System', `${device.Path}: not a block device`);
      const { major, minor } = splitDeviceNumber(stats.rdev);
      return { number: `${major}:${minor}`, value: read(device) ?? 0 };
    }),
  );
}
