import { compareApiVersions } from '@tsdocker/shared/api-version.ts';
import type { Cli } from '../../cli.ts';
import { imageList } from '../../client/image.ts';
import type { CommandSpec, Flags } from '../../command.ts';
import { writeRows } from '../../format/format.ts';
import { imageColumns, imageRows } from '../../format/image-columns.ts';
import { imageTree } from '../../format/image-tree.ts';
import { StatusError } from '../../status-error.ts';
import { filterFlag, filtersOf } from '../filter-flag.ts';
import { LIST_FORMAT, NO_TRUNC } from '../format-flag.ts';

/** API version from which the daemon tells of an image's manifests. */
const MANIFESTS_SINCE = '1.47';
/** What asks for the classic table. */
const CLASSIC_FLAGS = ['quiet', 'no-trunc', 'digests', 'format'];

export const command: CommandSpec = {
  name: 'ls',
  aliases: ['list'],
  usage: '[OPTIONS] [REPOSITORY[:TAG]]',
  summary: 'List images',
  flags: [
    { name: 'all', short: 'a', kind: 'bool', description: 'Show untagged and intermediate images too' },
    { name: 'digests', kind: 'bool', description: 'Show digests' },
    filterFlag('Show only what matches'),
    LIST_FORMAT,
    NO_TRUNC,
    { name: 'quiet', short: 'q', kind: 'bool', description: 'Print ids only' },
    { name: 'tree', kind: 'bool', description: 'Show the variants of each image', since: MANIFESTS_SINCE },
  ],
  args: { min: 0, max: 1 },
  run: list,
};

async function list(cli: Cli, args: string[], flags: Flags): Promise<void> {
  const filters = filtersOf(flags);
  if (args[0] !== undefined) filters['reference'] = [...(filters['reference'] ?? []), args[0]];
  if (flags.bool('tree')) {
    const clash = CLASSIC_FLAGS.find((name) => flags.changed(name));
    if (clash) throw new StatusError(1, `--${clash} is not yet supported with --tree`);
    return writeTree(cli, flags, filters);
  }
  const format = flags.string('format') || (flags.bool('quiet') ? '' : (cli.config().imagesFormat ?? ''));
  const classic = format !== '' || ['quiet', 'no-trunc', 'digests'].some((name) => flags.bool(name));
  if (!classic && (await knowsManifests(cli))) return writeTree(cli, flags, filters);
  const images = await imageList(cli.client(), { all: flags.bool('all'), filters });
  const digests = flags.bool('digests') || /\.Digest\b|json/.test(format);
  const rows = images.flatMap((image) => imageRows(image, { truncate: !flags.bool('no-trunc'), digests }));
  writeRows(cli.stdout, imageColumns({ digests: flags.bool('digests') }), rows, { format, quiet: flags.bool('quiet') });
}

async function knowsManifests(cli: Cli): Promise<boolean> {
  return compareApiVersions(await cli.client().apiVersion(), MANIFESTS_SINCE) >= 0;
}

async function writeTree(cli: Cli, flags: Flags, filters: Record<string, string[]>): Promise<void> {
  const all = flags.bool('all');
  const wanted = all || filters['dangling'] !== undefined;
  const images = await imageList(cli.client(), { all, filters, manifests: true });
  const shown = wanted ? images : images.filter((image) => image.RepoTags?.some((name) => name !== '<none>:<none>'));
  const width = cli.stdout.size()?.width;
  cli.stdout.write(imageTree(shown, { expand: flags.bool('tree'), ...(width ? { width } : {}) }));
}
