/** What `stats` shows, computed from two samples of a container. */
import type { ContainerStats } from '@tsdocker/shared/types/container.ts';
import { bytesSize, humanSize } from '@tsdocker/shared/units.ts';
import type { Columns, Row } from './format.ts';
import { shortId } from './text.ts';

const MISSING = '--';

export const STATS_COLUMNS: Columns = {
  typeName: '*container.statsContext',
  headers: {
    Container: 'CONTAINER',
    Name: 'NAME',
    ID: 'CONTAINER ID',
    CPUPerc: 'CPU %',
    MemUsage: 'MEM USAGE / LIMIT',
    MemPerc: 'MEM %',
    NetIO: 'NET I/O',
    BlockIO: 'BLOCK I/O',
    PIDs: 'PIDS',
  },
  defaultTable: '{{.ID}}\t{{.Name}}\t{{.CPUPerc}}\t{{.MemUsage}}\t{{.MemPerc}}\t{{.NetIO}}\t{{.BlockIO}}\t{{.PIDs}}',
};

/** The sample as the API sends it; members that do not apply are absent. */
interface Sample {
  id?: string;
  name?: string;
  cpu_stats?: CpuSample;
  precpu_stats?: CpuSample;
  memory_stats?: { usage?: number; limit?: number; stats?: Record<string, number> };
  networks?: Record<string, { rx_bytes?: number; tx_bytes?: number }>;
  blkio_stats?: { io_service_bytes_recursive?: { op?: string; value?: number }[] | null };
  pids_stats?: { current?: number };
}
interface CpuSample {
  cpu_usage?: { total_usage?: number; percpu_usage?: number[] | null };
  system_cpu_usage?: number;
  online_cpus?: number;
}

/** @param stats undefined: nothing known (yet); every figure is `--` */
export function statsRow(container: string, stats: ContainerStats | undefined, options: { truncate: boolean }): Row {
  const sample = stats as Sample | undefined;
  const id = sample?.id ?? '';
  const figures = sample?.id ? figuresOf(sample) : NOTHING;
  return {
    Container: container,
    Name: sample?.name?.replace(/^\//, '') || MISSING,
    ID: options.truncate ? shortId(id) : id,
    ...figures,
  };
}

const NOTHING = {
  CPUPerc: MISSING,
  MemUsage: `${MISSING} / ${MISSING}`,
  MemPerc: MISSING,
  NetIO: MISSING,
  BlockIO: MISSING,
  PIDs: MISSING,
};

function figuresOf(sample: Sample): typeof NOTHING {
  const used = memoryUsed(sample);
  const limit = sample.memory_stats?.limit ?? 0;
  const networks = Object.values(sample.networks ?? {});
  const sum = (values: (number | undefined)[]): number =>
    values.reduce<number>((total, value) => total + (value ?? 0), 0);
  const received = sum(networks.map((network) => network.rx_bytes));
  const sent = sum(networks.map((network) => network.tx_bytes));
  return {
    CPUPerc: `${cpuPercent(sample).toFixed(2)}%`,
    MemUsage: `${bytesSize(used)} / ${bytesSize(limit)}`,
    MemPerc: `${(limit > 0 ? (used / limit) * 100 : 0).toFixed(2)}%`,
    NetIO: `${humanSize(received, 3)} / ${humanSize(sent, 3)}`,
    BlockIO: `${humanSize(blockBytes(sample, 'r'), 3)} / ${humanSize(blockBytes(sample, 'w'), 3)}`,
    PIDs: String(sample.pids_stats?.current ?? 0),
  };
}

function cpuPercent({ cpu_stats: now, precpu_stats: before }: Sample): number {
  const cpu = (now?.cpu_usage?.total_usage ?? 0) - (before?.cpu_usage?.total_usage ?? 0);
  const system = (now?.system_cpu_usage ?? 0) - (before?.system_cpu_usage ?? 0);
  const cpus = now?.online_cpus || now?.cpu_usage?.percpu_usage?.length || 0;
  return cpu > 0 && system > 0 ? (cpu / system) * cpus * 100 : 0;
}

/** Page cache that can be dropped at once does not count; its name differs between cgroup v1 and v2. */
function memoryUsed({ memory_stats: memory }: Sample): number {
  const usage = memory?.usage ?? 0;
  const cache = memory?.stats?.['total_inactive_file'] ?? memory?.stats?.['inactive_file'] ?? 0;
  return cache < usage ? usage - cache : usage;
}

function blockBytes(sample: Sample, op: string): number {
  const entries = sample.blkio_stats?.io_service_bytes_recursive ?? [];
  return entries
    .filter((entry) => entry.op?.toLowerCase().startsWith(op))
    .reduce((total, entry) => total + (entry.value ?? 0), 0);
}
