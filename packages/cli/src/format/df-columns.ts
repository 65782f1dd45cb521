/** What `system df` shows: totals of each kind, or with -v each object. */
import type { ContainerSummary } from '@tsdocker/shared/types/container.ts';
import type { ImageSummary } from '@tsdocker/shared/types/image.ts';
import type { Volume } from '@tsdocker/shared/types/volume.ts';
import { humanSize } from '@tsdocker/shared/units.ts';
import { containerColumns, containerRow } from './container-columns.ts';
import { type Columns, formatRows, type Row } from './format.ts';
import { imageColumns, imageRows } from './image-columns.ts';
import { VOLUME_COLUMNS, volumeRow } from './volume-columns.ts';

interface CacheRecord {
  ID: string;
  Type?: string;
  Size?: number;
  InUse?: boolean;
  Shared?: boolean;
  UsageCount?: number;
}

export interface DiskObjects {
  /** Bytes of all layers, each counted once. */
  LayersSize: number;
  Images: ImageSummary[];
  Containers: ContainerSummary[];
  Volumes: Volume[];
  BuildCache: CacheRecord[];
}

export const DF_COLUMNS: Columns = {
  typeName: '*formatter.diskUsageImagesContext',
  headers: { Type: 'TYPE', TotalCount: 'TOTAL', Active: 'ACTIVE', Size: 'SIZE', Reclaimable: 'RECLAIMABLE' },
  defaultTable: '{{.Type}}\t{{.TotalCount}}\t{{.Active}}\t{{.Size}}\t{{.Reclaimable}}',
};

const RUNNING = ['running', 'paused', 'restarting'];
const sumOf = <T>(items: readonly T[], size: (item: T) => number): number =>
  items.reduce((total, item) => total + size(item), 0);
const written = (container: ContainerSummary): number => container.SizeRw ?? 0;
const usageOf = (volume: Volume): { RefCount: number; Size: number } => {
  const usage = volume.UsageData as { RefCount?: number; Size?: number } | null | undefined;
  return { RefCount: usage?.RefCount ?? 0, Size: Math.max(0, usage?.Size ?? 0) };
};

export function dfRows(objects: DiskObjects): Row[] {
  const { Images, Containers, Volumes, BuildCache } = objects;
  const usedImages = Images.filter((image) => image.Containers > 0);
  const usedBytes = sumOf(usedImages, (image) =>
    image.Size === -1 || image.SharedSize === -1 ? 0 : image.Size - image.SharedSize,
  );
  const running = Containers.filter((container) => RUNNING.includes(String(container.State)));
  const stopped = Containers.filter((container) => !running.includes(container));
  const volumesInUse = Volumes.filter((volume) => usageOf(volume).RefCount > 0);
  const idleVolumes = Volumes.filter((volume) => usageOf(volume).RefCount === 0);
  const cacheInUse = BuildCache.filter((record) => record.InUse);
  const idleCache = BuildCache.filter((record) => !record.InUse && !record.Shared);
  const cacheSize = sumOf(BuildCache, (record) => (record.Shared ? 0 : (record.Size ?? 0)));
  return [
    row('Images', Images, usedImages, objects.LayersSize, objects.LayersSize - usedBytes),
    row('Containers', Containers, running, sumOf(Containers, written), sumOf(stopped, written)),
    row(
      'Local Volumes',
      Volumes,
      volumesInUse,
      sumOf(Volumes, (v) => usageOf(v).Size),
      sumOf(idleVolumes, (v) => usageOf(v).Size),
    ),
    {
      ...row('Build Cache', BuildCache, cacheInUse, cacheSize, 0),
      Reclaimable: humanSize(sumOf(idleCache, (record) => record.Size ?? 0)),
    },
  ];
}

function row(Type: string, all: readonly unknown[], active: readonly unknown[], size: number, free: number): Row {
  const percent = size > 0 ? ` (${Math.trunc((free * 100) / size)}%)` : '';
  return {
    Type,
    TotalCount: String(all.length),
    Active: String(active.length),
    Size: humanSize(size),
    Reclaimable: `${humanSize(free)}${percent}`,
  };
}

const IMAGES =
  '{{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}\t{{.SharedSize}}\t{{.UniqueSize}}\t{{.Containers}}';
const CONTAINERS =
  '{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.LocalVolumes}}\t{{.Size}}\t{{.RunningFor}}\t{{.Status}}\t{{.Names}}';
const VOLUMES = '{{.Name}}\t{{.Links}}\t{{.Size}}';
const CACHE_COLUMNS: Columns = {
  typeName: '*formatter.buildCacheContext',
  headers: { ID: 'CACHE ID', Type: 'CACHE TYPE', Size: 'SIZE', Usage: 'USAGE', Shared: 'SHARED' },
  defaultTable: '{{.ID}}\t{{.Type}}\t{{.Size}}\t{{.Usage}}\t{{.Shared}}',
};

/** The four sections of -v. */
export function dfTables(objects: DiskObjects): string {
  const images = objects.Images.flatMap((image) => imageRows(image, { truncate: true, digests: false }));
  const containers = objects.Containers.map((container) => ({
    ...containerRow(container, { truncate: true }),
    Size: humanSize(container.SizeRw ?? 0, 3),
  }));
  const cache = objects.BuildCache.map((record) => ({
    ID: record.ID.slice(0, 12),
    Type: record.Type ?? '',
    Size: humanSize(record.Size ?? 0, 3),
    Usage: String(record.UsageCount ?? 0),
    Shared: String(record.Shared ?? false),
  }));
  const table = (columns: Columns, rows: readonly Row[], template: string): string =>
    formatRows(columns, rows, { format: `table ${template}` });
  const cacheSize = sumOf(objects.BuildCache, (record) => (record.Shared ? 0 : (record.Size ?? 0)));
  return [
    `Images space usage:\n\n${table(imageColumns({ digests: false }), images, IMAGES)}`,
    `Containers space usage:\n\n${table(containerColumns({ size: false }), containers, CONTAINERS)}`,
    `Local Volumes space usage:\n\n${table(VOLUME_COLUMNS, objects.Volumes.map(volumeRow), VOLUMES)}`,
    `Build cache usage: ${humanSize(cacheSize)}\n\n${formatRows(CACHE_COLUMNS, cache, { format: '' })}`,
  ].join('\n');
}
