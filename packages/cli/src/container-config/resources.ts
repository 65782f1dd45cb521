/** Limits: memory, processors, block devices' bandwidth, processes, ulimits. */
import type { HostConfig, Resources } from '@tsdocker/shared/types/container.ts';
import { parseUlimit, type Ulimit } from '@tsdocker/shared/ulimit.ts';
import type { FlagSpec, Flags } from '../command.ts';
import { parseThrottleBps, parseThrottleIops, parseWeightDevice } from '../flags/block-io.ts';
import { parseBytes, parseMemorySwap } from '../flags/bytes.ts';
import { parseCpus } from '../flags/cpus.ts';
import { goParseUint } from '../go-numbers.ts';
import { withoutEmpty } from './areas.ts';

const bytes = (name: string, description: string, more: Partial<FlagSpec> = {}): FlagSpec => ({
  name,
  kind: 'custom',
  valueName: 'bytes',
  description,
  parse: parseBytes,
  ...more,
});
const device = (name: string, description: string, parse: (text: string) => unknown): FlagSpec => ({
  name,
  kind: 'list',
  description,
  parse,
});
const parseUint16 = (text: string): number => goParseUint(text, 16);

export const resourceFlags: FlagSpec[] = [
  bytes('memory', 'Memory limit', { short: 'm' }),
  bytes('memory-reservation', 'Memory soft limit'),
  bytes('memory-swap', "Limit of memory and swap together: '-1' for unlimited swap", { parse: parseMemorySwap }),
  { name: 'memory-swappiness', kind: 'int', default: -1, description: 'Tune container memory swappiness (0 to 100)' },
  bytes('kernel-memory', 'Kernel memory limit (has no effect)', { hidden: true }),
  bytes('shm-size', 'Size of /dev/shm'),
  {
    name: 'cpus',
    kind: 'custom',
    valueName: 'decimal',
    since: '1.25',
    description: 'Number of CPUs',
    parse: parseCpus,
  },
  { name: 'cpu-shares', short: 'c', kind: 'int', description: 'CPU shares (relative weight)' },
  { name: 'cpu-period', kind: 'int', description: 'Limit CPU CFS (Completely Fair Scheduler) period' },
  { name: 'cpu-quota', kind: 'int', description: 'Limit CPU CFS (Completely Fair Scheduler) quota' },
  { name: 'cpu-rt-period', kind: 'int', since: '1.25', description: 'Limit CPU real-time period in microseconds' },
  { name: 'cpu-rt-runtime', kind: 'int', since: '1.25', description: 'Limit CPU real-time runtime in microseconds' },
  { name: 'cpuset-cpus', kind: 'string', description: 'CPUs in which to allow execution (0-3, 0,1)' },
  { name: 'cpuset-mems', kind: 'string', description: 'MEMs in which to allow execution (0-3, 0,1)' },
  {
    name: 'blkio-weight',
    kind: 'custom',
    valueName: 'uint16',
    description: 'Block IO (relative weight), between 10 and 1000, or 0 to disable',
    parse: parseUint16,
  },
  device('blkio-weight-device', 'Block IO weight (relative device weight)', parseWeightDevice),
  device('device-read-bps', 'Limit read rate (bytes per second) from a device', parseThrottleBps),
  device('device-write-bps', 'Limit write rate (bytes per second) to a device', parseThrottleBps),
  device('device-read-iops', 'Limit read rate (IO per second) from a device', parseThrottleIops),
  device('device-write-iops', 'Limit write rate (IO per second) to a device', parseThrottleIops),
  { name: 'pids-limit', kind: 'int', description: 'Tune container pids limit (set -1 for unlimited)' },
  { name: 'oom-kill-disable', kind: 'bool', description: 'Disable OOM Killer' },
  { name: 'oom-score-adj', kind: 'int', description: "Tune host's OOM preferences (-1000 to 1000)" },
  { name: 'ulimit', kind: 'list', valueName: 'ulimit', description: 'Ulimit options', parse: parseUlimit },
  { name: 'cgroup-parent', kind: 'string', description: 'Optional parent cgroup for the container' },
];

/** @throws that the swappiness is out of range */
export function toResources(flags: Flags): Partial<HostConfig> {
  const swappiness = flags.number('memory-swappiness');
  if (swappiness !== -1 && (swappiness < 0 || swappiness > 100)) {
    throw new Error(`invalid value: ${swappiness}. Valid memory swappiness range is 0-100`);
  }
  return {
    ...withoutEmpty({ ...toMemory(flags), ...toCpu(flags), ...toBlockIo(flags) }),
    ...withoutEmpty({
      ShmSize: flags.custom<number>('shm-size'),
      OomScoreAdj: flags.number('oom-score-adj'),
      Ulimits: toUlimits(flags.list('ulimit')),
      CgroupParent: flags.string('cgroup-parent'),
    }),
    // These are pointers in the engine: their zero is a value of its own, so they are always said.
    MemorySwappiness: swappiness,
    PidsLimit: flags.number('pids-limit'),
    OomKillDisable: flags.bool('oom-kill-disable'),
  };
}

function toMemory(flags: Flags): Partial<Resources> {
  return withoutEmpty({
    Memory: flags.custom<number>('memory') ?? 0,
    MemoryReservation: flags.custom<number>('memory-reservation'),
    MemorySwap: flags.custom<number>('memory-swap'),
  }) as Partial<Resources>;
}

function toCpu(flags: Flags): Partial<Resources> {
  return {
    NanoCpus: flags.custom<number>('cpus') ?? 0,
    CpuShares: flags.number('cpu-shares'),
    CpuPeriod: flags.number('cpu-period'),
    CpuQuota: flags.number('cpu-quota'),
    CpuRealtimePeriod: flags.number('cpu-rt-period'),
    CpuRealtimeRuntime: flags.number('cpu-rt-runtime'),
    CpusetCpus: flags.string('cpuset-cpus'),
    CpusetMems: flags.string('cpuset-mems'),
  };
}

function toBlockIo(flags: Flags): Partial<Resources> {
  return {
    BlkioWeight: flags.custom<number>('blkio-weight') ?? 0,
    BlkioWeightDevice: flags.list('blkio-weight-device').map(parseWeightDevice),
    BlkioDeviceReadBps: flags.list('device-read-bps').map(parseThrottleBps),
    BlkioDeviceWriteBps: flags.list('device-write-bps').map(parseThrottleBps),
    BlkioDeviceReadIOps: flags.list('device-read-iops').map(parseThrottleIops),
    BlkioDeviceWriteIOps: flags.list('device-write-iops').map(parseThrottleIops),
  };
}

/** By name, the last of a name wins. */
function toUlimits(texts: readonly string[]): Ulimit[] {
  const byName = new Map(texts.map(parseUlimit).map((limit) => [limit.Name, limit]));
  return [...byName.values()].sort((a, b) => (a.Name < b.Name ? -1 : 1));
}
