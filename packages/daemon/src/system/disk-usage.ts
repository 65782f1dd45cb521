/** Answer of SystemDataUsage, in the form of before 1.52 and of today. */
import type { SystemDeps } from './service.ts';

export const DISK_USAGE_TYPES = ['container', 'image', 'volume', 'build-cache'] as const;
export type DiskUsageType = (typeof DISK_USAGE_TYPES)[number];

export interface DiskUsageOptions {
  types: readonly DiskUsageType[];
  /** The totals of 1.52. */
  summaries: boolean;
  /** The objects themselves. */
  items: boolean;
}

type Deps = Pick<SystemDeps, 'containers' | 'images' | 'volumes' | 'builder'>;

interface Usage {
  /** Field names: of the old list, and of the summary. */
  list: string;
  summary: string;
  items: unknown[];
  active: number;
  totalBytes: number;
  reclaimableBytes: number;
  /** Old fields beside the list. */
  extra?: Record<string, unknown>;
}

export async function diskUsage(deps: Deps, options: DiskUsageOptions): Promise<Record<string, unknown>> {
  const usages = await Promise.all(options.types.map((type) => MEASURES[type](deps)));
  const answer: Record<string, unknown> = {};
  for (const usage of usages) {
    if (options.summaries) answer[usage.summary] = summaryOf(usage, options.items);
    else Object.assign(answer, usage.extra, { [usage.list]: usage.items });
  }
  return answer;
}

function summaryOf(usage: Usage, withItems: boolean): Record<string, unknown> {
  return {
    ActiveCount: usage.active,
    TotalCount: usage.items.length,
    Reclaimable: usage.reclaimableBytes,
    TotalSize: usage.totalBytes,
    ...(withItems && { Items: usage.items }),
  };
}

const MEASURES: Record<DiskUsageType, (deps: Deps) => Promise<Usage>> = {
  container: containersUsage,
  image: imagesUsage,
  volume: volumesUsage,
  'build-cache': async (deps) => buildCacheUsage(deps),
};

function buildCacheUsage({ builder }: Deps): Usage {
  const records = builder.cacheUsage();
  const own = records.reduce((sum, record) => sum + (record.shared ? 0 : record.sizeBytes), 0);
  return {
    list: 'BuildCache',
    summary: 'BuildCacheUsage',
    items: records.map((record) => ({
      ID: record.id,
      Type: 'regular',
      Description: record.description,
      InUse: false,
      Shared: record.shared,
      Size: record.sizeBytes,
      CreatedAt: record.created,
      LastUsedAt: record.lastUsed,
      UsageCount: record.uses,
    })),
    active: 0,
    totalBytes: own,
    reclaimableBytes: own,
  };
}

async function containersUsage(deps: Deps): Promise<Usage> {
  const containers = await deps.containers.list({ all: true, size: true, filters: {} });
  const isActive = (state: string | undefined): boolean => ['running', 'paused', 'restarting'].includes(state ?? '');
  const inactive = containers.filter((container) => !isActive(container.State));
  const size = (list: typeof containers): number => list.reduce((sum, container) => sum + (container.SizeRw ?? 0), 0);
  return {
    list: 'Containers',
    summary: 'ContainerUsage',
    items: containers,
    active: containers.length - inactive.length,
    totalBytes: size(containers),
    reclaimableBytes: size(inactive),
  };
}

async function imagesUsage(deps: Deps): Promise<Usage> {
  const [images, { totalBytes, reclaimableBytes }] = await Promise.all([
    deps.images.list({ all: false, filters: {}, sharedSize: true }),
    deps.images.diskUsage(),
  ]);
  return {
    list: 'Images',
    summary: 'ImageUsage',
    items: images,
    active: images.filter((image) => image.Containers > 0).length,
    totalBytes,
    reclaimableBytes,
    extra: { LayersSize: totalBytes },
  };
}

async function volumesUsage(deps: Deps): Promise<Usage> {
  const { volumes } = await deps.volumes.list({});
  const unused = volumes.filter((volume) => (volume.UsageData?.RefCount ?? 0) === 0);
  const size = (list: typeof volumes): number =>
    list.reduce((sum, volume) => sum + Math.max(volume.UsageData?.Size ?? 0, 0), 0);
  return {
    list: 'Volumes',
    summary: 'VolumeUsage',
    items: volumes,
    active: volumes.length - unused.length,
    totalBytes: size(volumes),
    reclaimableBytes: size(unused),
  };
}
