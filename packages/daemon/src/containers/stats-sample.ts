/** One sample of ContainerStats: counters of cgroup and network in the API's shape. */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { ContainerStats } from '@tsdocker/shared/types/container.ts';
import type { CgroupStats, StatsReader } from '../runtime/runtime.ts';
import type { Container } from './container.ts';
import type { Domain } from './deps.types.ts';
import { formatNanos, NEVER, nowNanos } from './time.ts';

/** User-space clock ticks of /proc/stat are 1/100 s. */
const NANOS_PER_TICK = 10_000_000;
const NO_CPU: ContainerStats['cpu_stats'] = {
  cpu_usage: { total_usage: 0, usage_in_kernelmode: 0, usage_in_usermode: 0 },
  throttling_data: { periods: 0, throttled_periods: 0, throttled_time: 0 },
};

/** Without what came before it, which differs from client to client. */
export type Sample = Omit<ContainerStats, 'preread' | 'precpu_stats'>;

/** @param before undefined: this is the client's first */
export function withPrevious(sample: Sample, before: Sample | undefined): ContainerStats {
  const { id, name, os_type, read, ...rest } = sample;
  const previous = { preread: before?.read ?? NEVER, precpu_stats: before?.cpu_stats ?? NO_CPU };
  return { id, name, os_type, read, ...previous, ...rest };
}

/**
 * @param reader undefined: it does not run
 * @param systemNanos of about the same time
 */
export async function takeSample(
  deps: Pick<Domain, 'interfaceCounters'>,
  c: Container,
  reader: StatsReader | undefined,
  systemNanos: number,
): Promise<Sample> {
  const names = { id: c.id, name: `/${c.name}`, os_type: 'linux' };
  const run = c.run;
  // The process may end under our hands: the sample is empty then, as for a stopped container.
  const stats = reader?.read();
  if (!run || !stats) return { ...names, read: NEVER, ...EMPTY };
  const readAt = formatNanos(nowNanos());
  const isHosts = c.hostConfig.NetworkMode === 'host';
  const networks = isHosts ? undefined : await deps.interfaceCounters?.(run.pid).catch(() => undefined);
  return {
    ...names,
    read: readAt,
    pids_stats: { current: stats.pids.current, ...(stats.pids.limit !== undefined && { limit: stats.pids.limit }) },
    num_procs: 0,
    storage_stats: {},
    blkio_stats: { ...EMPTY.blkio_stats, ...ioStats(stats.io) },
    cpu_stats: cpuStats(stats.cpu, systemNanos),
    memory_stats: {
      usage: Number(stats.memory.usageBytes),
      ...(stats.memory.maxUsageBytes > 0n && { max_usage: Number(stats.memory.maxUsageBytes) }),
      stats: stats.memory.stats,
      ...(stats.memory.failures > 0 && { failcnt: stats.memory.failures }),
      limit: Number(stats.memory.limitBytes),
    },
    ...(networks && Object.keys(networks).length > 0 && { networks }),
  };
}

const EMPTY = {
  pids_stats: {},
  num_procs: 0,
  storage_stats: {},
  blkio_stats: {
    io_service_bytes_recursive: undefined,
    io_serviced_recursive: null,
    io_queue_recursive: null,
    io_service_time_recursive: null,
    io_wait_time_recursive: null,
    io_merged_recursive: null,
    io_time_recursive: null,
    sectors_recursive: null,
  },
  cpu_stats: NO_CPU,
  memory_stats: {},
} satisfies Partial<ContainerStats>;

function ioStats(io: CgroupStats['io']): NonNullable<ContainerStats['blkio_stats']> {
  const entries = (value: (e: CgroupStats['io'][number]) => bigint) =>
    io.map((e) => ({ major: e.major, minor: e.minor, op: e.op, value: Number(value(e)) }));
  return { io_service_bytes_recursive: entries((e) => e.bytes), io_serviced_recursive: entries((e) => e.count) };
}

function cpuStats(cpu: CgroupStats['cpu'], systemNanos: number): ContainerStats['cpu_stats'] {
  return {
    cpu_usage: {
      total_usage: Number(cpu.usageNanos),
      ...(cpu.perCpuNanos && { percpu_usage: cpu.perCpuNanos.map(Number) }),
      usage_in_kernelmode: Number(cpu.systemNanos),
      usage_in_usermode: Number(cpu.userNanos),
    },
    system_cpu_usage: systemNanos,
    online_cpus: availableParallelism(),
    throttling_data: {
      periods: cpu.periods,
      throttled_periods: cpu.throttledPeriods,
      throttled_time: Number(cpu.throttledNanos),
    },
  };
}

/** The host's CPU time, idle included: user nice system idle iowait irq softirq of /proc/stat's first line. */
export function systemCpuNanos(): number {
  const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n', 1);
  const ticks = line.split(/\s+/).slice(1, 8);
  return ticks.reduce((sum, n) => sum + Number(n), 0) * NANOS_PER_TICK;
}
