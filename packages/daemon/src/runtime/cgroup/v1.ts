/** Limits as writes to cgroup v1 files. @see Documentation/admin-guide/cgroup-v1/ */
import { DockerError } from '@tsdocker/shared/errors.ts';
import type { DeviceRule } from '../spec/devices.ts';
import type { CgroupLimits, DeviceValue } from './limits.ts';

/** A write below a controller's directory. Optional ones may miss their file (kernel configuration). */
export interface ControllerWrite {
  controller: string;
  file: string;
  value: string;
  optional: boolean;
}

/** What the planner must know of the machine. */
export interface V1Facts {
  /** True when blkio.bfq.weight exists, else blkio.weight. */
  bfq: boolean;
  /** Bytes; the container's current memory+swap limit, when it runs. A limit above it must be written second. */
  currentMemorySwap?: bigint;
}

/** The kernel takes other shares silently as these. */
const MIN_SHARES = 2;
const MAX_SHARES = 262_144;

/**
 * cpuset is not here: it must be filled from the parents (see cpuset.ts).
 * @throws System CPU shares the kernel would not keep
 */
export function v1Writes(limits: CgroupLimits, facts: V1Facts): ControllerWrite[] {
  return [...cpuWrites(limits), ...memoryWrites(limits, facts), ...pidsWrites(limits), ...blkioWrites(limits, facts)];
}

/** Deny everything, then allow line by line. A privileged container needs no line: a new cgroup allows what its parent does. */
export function v1DeviceWrites(rules: readonly DeviceRule[]): ControllerWrite[] {
  if (rules[0]?.allow && rules[0].type === 'a') return [];
  return rules.map((rule) => {
    const file = rule.allow ? 'devices.allow' : 'devices.deny';
    const everything = rule.type === 'a' && rule.major === undefined && rule.minor === undefined;
    return required('devices', file, everything ? 'a' : deviceLine(rule));
  });
}

function deviceLine(rule: DeviceRule): string {
  return `${rule.type} ${rule.major ?? '*'}:${rule.minor ?? '*'} ${rule.access}`;
}

function cpuWrites(limits: CgroupLimits): ControllerWrite[] {
  const writes: ControllerWrite[] = [];
  if (limits.cpuShares !== undefined) writes.push(required('cpu', 'cpu.shares', checkedShares(limits.cpuShares)));
  // The period first: a fresh group has no quota, so any valid period is accepted.
  if (limits.cpuPeriod !== undefined) writes.push(required('cpu', 'cpu.cfs_period_us', limits.cpuPeriod));
  if (limits.cpuQuota !== undefined) writes.push(required('cpu', 'cpu.cfs_quota_us', limits.cpuQuota));
  if (limits.cpuRealtimePeriod !== undefined) {
    writes.push(required('cpu', 'cpu.rt_period_us', limits.cpuRealtimePeriod));
  }
  if (limits.cpuRealtimeRuntime !== undefined) {
    writes.push(required('cpu', 'cpu.rt_runtime_us', limits.cpuRealtimeRuntime));
  }
  return writes;
}

function checkedShares(shares: number): number {
  if (shares > MAX_SHARES) throw new DockerError('System', `the maximum allowed cpu-shares is ${MAX_SHARES}`);
  if (shares < MIN_SHARES) throw new DockerError('System', `the minimum allowed cpu-shares is ${MIN_SHARES}`);
  return shares;
}

function memoryWrites(limits: CgroupLimits, facts: V1Facts): ControllerWrite[] {
  const limit = limits.memory === undefined ? [] : [required('memory', 'memory.limit_in_bytes', limits.memory)];
  const swap =
    limits.memorySwap === undefined ? [] : [optional('memory', 'memory.memsw.limit_in_bytes', limits.memorySwap)];
  // The kernel wants memsw >= limit at every moment: raise memsw first, lower the limit first.
  const current = facts.currentMemorySwap;
  const swapFirst = current !== undefined && limits.memory !== undefined && BigInt(limits.memory) > current;
  const writes = swapFirst ? [...swap, ...limit] : [...limit, ...swap];
  if (limits.memoryReservation !== undefined) {
    writes.push(required('memory', 'memory.soft_limit_in_bytes', limits.memoryReservation));
  }
  if (limits.swappiness !== undefined) writes.push(required('memory', 'memory.swappiness', limits.swappiness));
  if (limits.oomKillDisable) writes.push(required('memory', 'memory.oom_control', 1));
  if (limits.kernelMemoryTcp !== undefined) {
    writes.push(required('memory', 'memory.kmem.tcp.limit_in_bytes', limits.kernelMemoryTcp));
  }
  return writes;
}

function pidsWrites(limits: CgroupLimits): ControllerWrite[] {
  if (limits.pids === undefined) return [];
  return [required('pids', 'pids.max', limits.pids < 0 ? 'max' : limits.pids)];
}

function blkioWrites(limits: CgroupLimits, facts: V1Facts): ControllerWrite[] {
  const prefix = facts.bfq ? 'blkio.bfq.weight' : 'blkio.weight';
  const lines = (file: string, values: DeviceValue[], write = required) =>
    values.map((v) => write('blkio', file, `${v.number} ${v.value}`));
  const { throttles } = limits;
  return [
    ...(limits.blkioWeight === undefined ? [] : [optional('blkio', prefix, limits.blkioWeight)]),
    ...lines(`${prefix}_device`, limits.blkioWeightDevices, optional),
    ...lines('blkio.throttle.read_bps_device', throttles.readBps),
    ...lines('blkio.throttle.write_bps_device', throttles.writeBps),
    ...lines('blkio.throttle.read_iops_device', throttles.readIops),
    ...lines('blkio.throttle.write_iops_device', throttles.writeIops),
  ];
}

export function required(controller: string, file: string, value: string | number): ControllerWrite {
  return { controller, file, value: String(value), optional: false };
}

export function optional(controller: string, file: string, value: string | number): ControllerWrite {
  return { controller, file, value: String(value), optional: true };
}
