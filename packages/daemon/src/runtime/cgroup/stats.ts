/** Reads a container's counters. Files of controllers that are missing count as zero. */
import { readFile } from 'node:fs/promises';
import { posix } from 'node:path';
import type { CgroupStats } from '../runtime.ts';

/** USER_HZ: cpuacct.stat counts in ticks of 10 ms on every architecture that matters. */
const NANOS_PER_TICK = 10_000_000n;

/** Where a container's files are: v1 by controller, v2 one directory under every name. */
export type DirectoryOf = (controller: string) => string | undefined;

/** @param memTotalBytes what an unlimited container is limited by */
export async function readStats(version: 1 | 2, directoryOf: DirectoryOf, memTotalBytes: bigint): Promise<CgroupStats> {
  const read = (controller: string, file: string) => {
    const directory = directoryOf(controller);
    return directory === undefined ? Promise.resolve('') : readText(posix.join(directory, file));
  };
  const [cpu, memory, pids, io] = await Promise.all(
    version === 1
      ? [cpuV1(read), memoryV1(read, memTotalBytes), pidsOf(read), ioV1(read)]
      : [cpuV2(read), memoryV2(read, memTotalBytes), pidsOf(read), ioV2(read)],
  );
  return { cpu, memory, pids, io };
}

type Read = (controller: string, file: string) => Promise<string>;

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (err) {
    const { code } = err as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENODEV' || code === 'EOPNOTSUPP') return '';
    throw err;
  }
}

async function cpuV1(read: Read): Promise<CgroupStats['cpu']> {
  const [usage, perCpu, split, stat] = await Promise.all([
    read('cpuacct', 'cpuacct.usage'),
    read('cpuacct', 'cpuacct.usage_percpu'),
    read('cpuacct', 'cpuacct.stat'),
    read('cpu', 'cpu.stat'),
  ]);
  const ticks = keyed(split);
  const throttling = keyed(stat);
  return {
    usageNanos: toBigInt(usage),
    userNanos: (ticks.get('user') ?? 0n) * NANOS_PER_TICK,
    systemNanos: (ticks.get('system') ?? 0n) * NANOS_PER_TICK,
    periods: Number(throttling.get('nr_periods') ?? 0n),
    throttledPeriods: Number(throttling.get('nr_throttled') ?? 0n),
    throttledNanos: throttling.get('throttled_time') ?? 0n,
    perCpuNanos: perCpu.trim().split(/\s+/).filter(Boolean).map(toBigInt),
  };
}

async function cpuV2(read: Read): Promise<CgroupStats['cpu']> {
  const stat = keyed(await read('cpu', 'cpu.stat'));
  const nanos = (key: string) => (stat.get(key) ?? 0n) * 1000n;
  return {
    usageNanos: nanos('usage_usec'),
    userNanos: nanos('user_usec'),
    systemNanos: nanos('system_usec'),
    periods: Number(stat.get('nr_periods') ?? 0n),
    throttledPeriods: Number(stat.get('nr_throttled') ?? 0n),
    throttledNanos: nanos('throttled_usec'),
  };
}

async function memoryV1(read: Read, memTotal: bigint): Promise<CgroupStats['memory']> {
  const [usage, max, limit, failures, stat] = await Promise.all([
    read('memory', 'memory.usage_in_bytes'),
    read('memory', 'memory.max_usage_in_bytes'),
    read('memory', 'memory.limit_in_bytes'),
    read('memory', 'memory.failcnt'),
    read('memory', 'memory.stat'),
  ]);
  return {
    usageBytes: toBigInt(usage),
    maxUsageBytes: toBigInt(max),
    limitBytes: effectiveLimit(limit, memTotal),
    failures: Number(toBigInt(failures)),
    stats: numbers(stat),
  };
}

async function memoryV2(read: Read, memTotal: bigint): Promise<CgroupStats['memory']> {
  const [usage, peak, limit, events, stat] = await Promise.all([
    read('memory', 'memory.current'),
    read('memory', 'memory.peak'),
    read('memory', 'memory.max'),
    read('memory', 'memory.events'),
    read('memory', 'memory.stat'),
  ]);
  return {
    usageBytes: toBigInt(usage),
    maxUsageBytes: toBigInt(peak),
    limitBytes: effectiveLimit(limit, memTotal),
    failures: Number(keyed(events).get('oom') ?? 0n),
    stats: numbers(stat),
  };
}

async function pidsOf(read: Read): Promise<CgroupStats['pids']> {
  const [current, max] = await Promise.all([read('pids', 'pids.current'), read('pids', 'pids.max')]);
  const limited = /^\d+$/.test(max.trim());
  return { current: Number(toBigInt(current)), ...(limited ? { limit: Number(max) } : {}) };
}

/** The throttling counters see every request; BFQ's own only those of devices it schedules. */
async function ioV1(read: Read): Promise<CgroupStats['io']> {
  const pick = async (kind: string) =>
    (await read('blkio', `blkio.throttle.${kind}_recursive`)) ||
    (await read('blkio', `blkio.bfq.${kind}_recursive`)) ||
    (await read('blkio', `blkio.throttle.${kind}`));
  const [bytes, counts] = await Promise.all([pick('io_service_bytes'), pick('io_serviced')]);
  const entries = new Map<string, CgroupStats['io'][number]>();
  const add = (text: string, field: 'bytes' | 'count') => {
    for (const match of text.matchAll(/^(\d+):(\d+) (\w+) (\d+)$/gm)) {
      const [, major, minor, op, value] = match as unknown as [string, string, string, string, string];
      const key = `${major}:${minor} ${op}`;
      const entry = entries.get(key) ?? { major: Number(major), minor: Number(minor), op, bytes: 0n, count: 0n };
      entry[field] = BigInt(value);
      entries.set(key, entry);
    }
  };
  add(bytes, 'bytes');
  add(counts, 'count');
  return [...entries.values()];
}

async function ioV2(read: Read): Promise<CgroupStats['io']> {
  const lines = (await read('io', 'io.stat')).split('\n');
  return lines.flatMap((line) => {
    const match = /^(\d+):(\d+) (.*)$/.exec(line);
    if (!match) return [];
    const values = new Map(match[3]!.split(' ').map((pair) => pair.split('=') as [string, string]));
    const of = (key: string) => toBigInt(values.get(key) ?? '');
    const device = { major: Number(match[1]), minor: Number(match[2]) };
    return [
      { ...device, op: 'read', bytes: of('rbytes'), count: of('rios') },
      { ...device, op: 'write', bytes: of('wbytes'), count: of('wios') },
    ];
  });
}

function effectiveLimit(text: string, memTotal: bigint): bigint {
  const limit = /^\d+$/.test(text.trim()) ? BigInt(text.trim()) : memTotal;
  return limit > memTotal ? memTotal : limit;
}

function keyed(text: string): Map<string, bigint> {
  const out = new Map<string, bigint>();
  for (const match of text.matchAll(/^(\S+) (-?\d+)$/gm)) out.set(match[1]!, BigInt(match[2]!));
  return out;
}

function numbers(text: string): Record<string, number> {
  return Object.fromEntries([...keyed(text)].map(([key, value]) => [key, Number(value)]));
}

function toBigInt(text: string): bigint {
  const digits = text.trim();
  return /^\d+$/.test(digits) ? BigInt(digits) : 0n;
}
