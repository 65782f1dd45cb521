import { compareApiVersions } from '@tsdocker/shared/api-version.ts';
import { humanSize } from '@tsdocker/shared/units.ts';
import type { Cli } from '../../cli.ts';
import { buildPrune } from '../../client/build.ts';
import { containersPrune, type FilterMap } from '../../client/container.ts';
import { imagesPrune } from '../../client/image.ts';
import { networksPrune } from '../../client/network.ts';
import { volumesPrune } from '../../client/volume.ts';
import type { CommandSpec } from '../../command.ts';
import { StatusError } from '../../status-error.ts';
import { confirmed, FORCE_FLAG } from '../confirm.ts';
import { filterFlag, filtersOf } from '../filter-flag.ts';

/** Daemons before this one have no build cache to speak of. */
const BUILD_CACHE_SINCE = '1.31';

export const command: CommandSpec = {
  name: 'prune',
  usage: '[OPTIONS]',
  summary: 'Remove what is not used',
  flags: [
    { name: 'all', short: 'a', kind: 'bool', description: 'Remove all unused images, not only untagged ones' },
    filterFlag('Remove only what matches (`label=<key>=<value>`)', { short: false }),
    FORCE_FLAG,
    { name: 'volumes', kind: 'bool', description: 'Remove anonymous volumes too' },
  ],
  args: { min: 0, max: 0 },
  async run(cli, _args, flags) {
    const filters = filtersOf(flags);
    const options = { all: flags.bool('all'), volumes: flags.bool('volumes') };
    if (options.volumes && filters['until'])
      throw new StatusError(1, 'ERROR: The "until" filter is not supported with "--volumes"');
    const buildCache = compareApiVersions(await cli.client().apiVersion(), BUILD_CACHE_SINCE) >= 0;
    if (!flags.bool('force') && !(await confirmed(cli, warning(options, buildCache, filters)))) return;
    const reclaimed = await prune(cli, options, buildCache, filters);
    cli.stdout.write(`Total reclaimed space: ${humanSize(reclaimed)}\n`);
  },
};

interface PruneOptions {
  all: boolean;
  volumes: boolean;
}

function warning({ all, volumes }: PruneOptions, buildCache: boolean, filters: FilterMap): string {
  const lines = [
    'all stopped containers',
    'all networks not used by at least one container',
    ...(volumes ? ['all anonymous volumes not used by at least one container'] : []),
    all ? 'all images without at least one container associated to them' : 'all dangling images',
    ...(buildCache ? [all ? 'all build cache' : 'unused build cache'] : []),
  ].map((line) => `  - ${line}\n`);
  const filtered = Object.entries(filters).flatMap(([key, values]) => values.map((value) => `  - ${key}=${value}\n`));
  const items = filtered.length > 0 ? `\n  Items to be pruned will be filtered with:\n${filtered.sort().join('')}` : '';
  return `This will remove:\n${lines.join('')}${items}`;
}

/** In docker's order: containers free networks, volumes and images. @returns bytes */
async function prune(
  cli: Cli,
  { all, volumes }: PruneOptions,
  buildCache: boolean,
  filters: FilterMap,
): Promise<number> {
  const client = cli.client();
  const section = (title: string, lines: readonly string[]) => {
    if (lines.length > 0) cli.stdout.write(`${title}:\n${lines.map((line) => `${line}\n`).join('')}\n`);
  };
  const containers = await containersPrune(client, filters);
  section('Deleted Containers', containers.ContainersDeleted ?? []);
  const networks = await networksPrune(client, filters);
  section('Deleted Networks', networks.NetworksDeleted ?? []);
  let reclaimed = containers.SpaceReclaimed;
  if (volumes) {
    const pruned = await volumesPrune(client, filters);
    section('Deleted Volumes', pruned.VolumesDeleted ?? []);
    reclaimed += pruned.SpaceReclaimed;
  }
  const images = await imagesPrune(client, { ...filters, dangling: [String(!all)] });
  const told = (images.ImagesDeleted ?? []).map(({ Deleted, Untagged }) =>
    Untagged ? `untagged: ${Untagged}` : `deleted: ${Deleted}`,
  );
  section('Deleted Images', told);
  reclaimed += images.SpaceReclaimed;
  if (!buildCache) return reclaimed;
  const cache = await buildPrune(client, { all, filters });
  section('Deleted build cache objects', cache.CachesDeleted ?? []);
  return reclaimed + cache.SpaceReclaimed;
}
