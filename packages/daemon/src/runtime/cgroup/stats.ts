/** Reads a container's counters. Files of controllers that are missing count as zero. */
import { closeSync, openSync, readSync } from 'node:fs';
import { posix } from 'node:path';
import type { CgroupStats, StatsReader } from '../runtime.ts';

/** USER_HZ: cpuacct.stat counts in ticks of 10 ms on every architecture that matters. */
const NANOS_PER_TICK = 10_000_000n;

/** Where a container's files are: v1 by controller, v2 one directory under every name. */
export type DirectoryOf = (controller: string) => string | undefined;

/**
 * A container's counter files, opened once: a sample is then a few reads of kernel memory, cheaper than a trip to the
 * thread pool each. Descriptors of a removed cgroup keep nothing alive but themselves.
 */
export class CgroupCounters implements StatsReader {
  readonly #version: 1 | 2;
  readonly #directoryOf: DirectoryOf;
  readonly #memTotalBytes: bigint;
  /** By path; undefined: there is no such file. */
  readonly #descriptors = new Map<string, number | undefined>();

  /** @param memTotalBytes what an unlimited container is limited by */
  constructor(version: 1 | 2, directoryOf: DirectoryOf, memTotalBytes: bigint) {
    this.#version = version;
    this.#directoryOf = directoryOf;
    this.#memTotalBytes = memTotalBytes;
  }

  read(): CgroupStats | undefined {
    const read: Read = (controller, file) => {
      const directory = this.#directoryOf(controller);
      return directory === undefined ? '' : this.#text(posix.join(directory, file));
    };
    const cpu = this.#version === 1 ? cpuV1(read) : cpuV2(read);
    if (cpu === undefined) return undefined;
    const memory = this.#version === 1 ? memoryV1(read, this.#memTotalBytes) : memoryV2(read, this.#memTotalBytes);
    return { cpu, memory, pids: pidsOf(read), io: this.#version === 1 ? ioV1(read) : ioV2(read) };
  }

  close(): void {
    for (const fd of this.#descriptors.values()) if (fd !== undefined) closeSync(fd);
    this.#descriptors.clear();
  }

  #text(path: string): string {
    if (!this.#descriptors.has(path)) this.#descriptors.set(path, openIfThere(path));
    const fd = this.#descriptors.get(path);
    return fd === undefined ? '' : readAll(fd);
  }
}

type Read = (controller: string, file: string) => string;

/** Every sample is read into it and copied out as text at once. */
let scratch = Buffer.allocUnsafe(16 * 1024);

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (err) {
    if (isGone(err)) return undefined;
    throw err;
  }
}

function readAll(fd: number): string {
  try {
    for (;;) {
      const length = readSync(fd, scratch, 0, scratch.length, 0);
      if (length < scratch.length) return scratch.toString('latin1', 0, length);
      scratch = Buffer.allocUnsafe(scratch.length * 2);
    }
  } catch (err) {
    if (isGone(err)) return '';
    throw err;
  }
}

function isGone(err: unknown): boolean {
  return ['ENOENT', 'ENODEV', 'EOPNOTSUPP'].includes((err as NodeJS.ErrnoException).code ?? '');
}

/** Undefined: the cgroup is gone. */
function cpuV1(read: Read): CgroupStats['cpu'] | undefined {
  const [usage, perCpu, split, stat] = [
    read('cpuacct', 'cpuacct.usage'),
    read('cpuacct', 'cpuacct.usage_percpu'),
    read('cpuacct', 'cpuacct.stat'),
    read('cpu', 'cpu.stat'),
  ];
  if (usage === '') return undefined;
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

function cpuV2(read: Read): CgroupStats['cpu'] | undefined {
  const text = read('cpu', 'cpu.stat');
  if (text === '') return undefined;
  const stat = keyed(text);
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

function memoryV1(read: Read, memTotal: bigint): CgroupStats['memory'] {
  const [usage, max, limit, failures, stat] = [
    read('memory', 'memory.usage_in_bytes'),
    read('memory', 'memory.max_usage_in_bytes'),
    read('memory', 'memory.limit_in_bytes'),
    read('memory', 'memory.failcnt'),
    read('memory', 'memory.stat'),
  ];
  return {
    usageBytes: toBigInt(usage),
    maxUsageBytes: toBigInt(max),
    limitBytes: effectiveLimit(limit, memTotal),
    failures: Number(toBigInt(failures)),
    stats: numbers(stat),
  };
}

function memoryV2(read: Read, memTotal: bigint): CgroupStats['memory'] {
  const [usage, peak, limit, events, stat] = [
    read('memory', 'memory.current'),
    read('memory', 'memory.peak'),
    read('memory', 'memory.max'),
    read('memory', 'memory.events'),
    read('memory', 'memory.stat'),
  ];
  return {
    usageBytes: toBigInt(usage),
    maxUsageBytes: toBigInt(peak),
    limitBytes: effectiveLimit(limit, memTotal),
    failures: Number(keyed(events).get('oom') ?? 0n),
    stats: numbers(stat),
  };
}

function pidsOf(read: Read): CgroupStats['pids'] {
  const [current, max] = [read('pids', 'pids.current'), read('pids', 'pids.max')];
  const limited = /^\d+$/.test(max.trim());
  return { current: Number(toBigInt(current)), ...(limited ? { limit: Number(max) } : {}) };
}

/** The throttling counters see every request; BFQ's own only those of devices it schedules. */
function ioV1(read: Read): CgroupStats['io'] {
  const pick = (kind: string) =>
    read('blkio', `blkio.throttle.${kind}_recursive`) ||
    read('blkio', `blkio.bfq.${kind}_recursive`) ||
    read('blkio', `blkio.throttle.${kind}`);
  const [bytes, counts] = [pick('io_service_bytes'), pick('io_serviced')];
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

function ioV2(read: Read): CgroupStats['io'] {
  const lines = read('io', 'io.stat').split('\n');
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
