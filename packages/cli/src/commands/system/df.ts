import type { ContainerSummary } from '@tsdocker/shared/types/container.ts';
import type { ImageSummary } from '@tsdocker/shared/types/image.ts';
import type { Volume } from '@tsdocker/shared/types/volume.ts';
import type { Cli } from '../../cli.ts';
import { type DiskUsage, systemDiskUsage } from '../../client/system.ts';
import type { CommandSpec, Flags } from '../../command.ts';
import { DF_COLUMNS, type DiskObjects, dfRows, dfTables } from '../../format/df-columns.ts';
import { writeRows } from '../../format/format.ts';
import { LIST_FORMAT } from '../format-flag.ts';
import { formatObject } from './object-format.ts';

export const command: CommandSpec = {
  name: 'df',
  usage: '[OPTIONS]',
  summary: 'Show what is used on disk',
  flags: [LIST_FORMAT, { name: 'verbose', short: 'v', kind: 'bool', description: 'Show every object' }],
  args: { min: 0, max: 0 },
  run: diskUsage,
};

async function diskUsage(cli: Cli, _args: string[], flags: Flags): Promise<void> {
  const objects = objectsOf(await systemDiskUsage(cli.client(), { verbose: true }));
  const format = flags.string('format');
  if (!flags.bool('verbose')) return writeRows(cli.stdout, DF_COLUMNS, dfRows(objects), { format });
  if (format === '' || format === 'table') cli.stdout.write(dfTables(objects));
  else cli.stdout.write(formatObject(cli, format, objects, { typeName: 'formatter.DiskUsageContext' }));
}

/** API 1.52 groups each kind with its totals; below, the lists stand at the top. */
function objectsOf(usage: DiskUsage): DiskObjects {
  const items = <T>(list: unknown, grouped: string): T[] =>
    (list as T[] | null | undefined) ?? (usage[grouped] as { Items?: T[] | null } | undefined)?.Items ?? [];
  const total = (usage['ImageUsage'] as { TotalSize?: number } | undefined)?.TotalSize;
  return {
    LayersSize: usage.LayersSize ?? total ?? 0,
    Images: items<ImageSummary>(usage.Images, 'ImageUsage'),
    Containers: items<ContainerSummary>(usage.Containers, 'ContainerUsage'),
    Volumes: items<Volume>(usage.Volumes, 'VolumeUsage'),
    BuildCache: items(usage.BuildCache, 'BuildCacheUsage'),
  };
}
