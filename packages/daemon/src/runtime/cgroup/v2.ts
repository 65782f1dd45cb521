/** Limits as writes to cgroup v2 files. @see Documentation/admin-guide/cgroup-v2.rst */
import { DockerError } from '@tsdocker/shared/errors.ts';
import type { CgroupLimits, DeviceValue } from './limits.ts';
import { type ControllerWrite, optional, required } from './v1.ts';

export interface V2Facts {
  /** io.bfq.weight exists. */
  bfq: boolean;
}

/** @throws InvalidParameter real-time limits, which v2 does not have */
export function v2Writes(limits: CgroupLimits, facts: V2Facts): ControllerWrite[] {
  if (limits.cpuRealtimePeriod !== undefined || limits.cpuRealtimeRuntime !== undefined) {
    throw new DockerError('InvalidParameter', 'Your kernel does not support CPU real-time scheduler');
  }
  return [...cpuWrites(limits), ...memoryWrites(limits), ...pidsWrites(limits), ...ioWrites(limits, facts)];
}

/**
 * cpu.weight of cpu.shares: a curve that maps 2 to 1, 1024 to 100 and 262144 to 10000, so that the default shares are
 * the default weight.
 */
export function weightOfShares(shares: number): number {
  if (shares <= 2) return 1;
  if (shares >= 262_144) return 10_000;
  const l = Math.log2(shares);
  return Math.ceil(10 ** ((l * l + 125 * l) / 612 - 7 / 34));
}

/** io.weight (1..10000) of a blkio weight (10..1000). */
export function ioWeightOf(weight: number): number {
  return Math.floor(1 + ((weight - 10) * 9999) / 990);
}

function cpuWrites(limits: CgroupLimits): ControllerWrite[] {
  const writes: ControllerWrite[] = [];
  if (limits.cpuShares !== undefined) writes.push(required('cpu', 'cpu.weight', weightOfShares(limits.cpuShares)));
  if (limits.cpuQuota !== undefined || limits.cpuPeriod !== undefined) {
    const quota = limits.cpuQuota !== undefined && limits.cpuQuota > 0 ? String(limits.cpuQuota) : 'max';
    const period = limits.cpuPeriod === undefined ? '' : ` ${limits.cpuPeriod}`;
    writes.push(required('cpu', 'cpu.max', `${quota}${period}`));
  }
  if (limits.cpusetCpus !== undefined) writes.push(required('cpuset', 'cpuset.cpus', limits.cpusetCpus));
  if (limits.cpusetMems !== undefined) writes.push(required('cpuset', 'cpuset.mems', limits.cpusetMems));
  return writes;
}

/** v2 counts swap alone. A missing swap file does not matter where nothing or everything is allowed. */
function memoryWrites(limits: CgroupLimits): ControllerWrite[] {
  const writes: ControllerWrite[] = [];
  if (limits.memorySwap !== undefined) {
    const swap = limits.memorySwap < 0 ? -1 : limits.memorySwap - Math.max(limits.memory ?? 0, 0);
    const write = swap > 0 ? required : optional;
    writes.push(write('memory', 'memory.swap.max', swap < 0 ? 'max' : swap));
  }
  if (limits.memory !== undefined) {
    writes.push(required('memory', 'memory.max', limits.memory < 0 ? 'max' : limits.memory));
  }
  if (limits.memoryReservation !== undefined) {
    writes.push(required('memory', 'memory.low', limits.memoryReservation));
  }
  return writes;
}

function pidsWrites(limits: CgroupLimits): ControllerWrite[] {
  if (limits.pids === undefined) return [];
  return [required('pids', 'pids.max', limits.pids < 0 ? 'max' : limits.pids)];
}

function ioWrites(limits: CgroupLimits, facts: V2Facts): ControllerWrite[] {
  const file = facts.bfq ? 'io.bfq.weight' : 'io.weight';
  const scaled = (weight: number) => (facts.bfq ? weight : ioWeightOf(weight));
  const weight = limits.blkioWeight === undefined ? [] : [optional('io', file, scaled(limits.blkioWeight))];
  const devices = limits.blkioWeightDevices.map((d) => optional('io', file, `${d.number} ${scaled(d.value)}`));
  const { throttles } = limits;
  const max = (key: string, values: DeviceValue[]) =>
    values.map((v) => required('io', 'io.max', `${v.number} ${key}=${v.value === 0 ? 'max' : v.value}`));
  return [
    ...weight,
    ...devices,
    ...max('rbps', throttles.readBps),
    ...max('wbps', throttles.writeBps),
    ...max('riops', throttles.readIops),
    ...max('wiops', throttles.writeIops),
  ];
}
