import type { Cli } from '../../cli.ts';
import { containerList } from '../../client/container.ts';
import type { CommandSpec, Flags } from '../../command.ts';
import { containerColumns, containerRow } from '../../format/container-columns.ts';
import { writeRows } from '../../format/format.ts';
import { filterFlag, filtersOf } from '../filter-flag.ts';
import { LIST_FORMAT, NO_TRUNC } from '../format-flag.ts';

export const command: CommandSpec = {
  name: 'ls',
  aliases: ['list', 'ps'],
  usage: '[OPTIONS]',
  summary: 'List containers',
  flags: [
    { name: 'all', short: 'a', kind: 'bool', description: 'Show all containers, not only running ones' },
    filterFlag('Show only what matches'),
    LIST_FORMAT,
    { name: 'last', short: 'n', kind: 'int', default: -1, description: 'Show the n newest containers, in any state' },
    { name: 'latest', short: 'l', kind: 'bool', description: 'Show the newest container, in any state' },
    NO_TRUNC,
    { name: 'quiet', short: 'q', kind: 'bool', description: 'Print ids only' },
    { name: 'size', short: 's', kind: 'bool', description: 'Show sizes on disk' },
  ],
  args: { min: 0, max: 0 },
  run: list,
};

async function list(cli: Cli, _args: string[], flags: Flags): Promise<void> {
  const quiet = flags.bool('quiet');
  const format = flags.string('format') || (quiet ? '' : (cli.config().psFormat ?? ''));
  const last = flags.bool('latest') && flags.number('last') === -1 ? 1 : flags.number('last');
  const size = flags.bool('size');
  const containers = await containerList(cli.client(), {
    all: flags.bool('all'),
    // Sizes cost the daemon a walk over the files: asked for only when shown.
    size: size || (!quiet && usesSize(format)),
    filters: filtersOf(flags),
    ...(last > 0 ? { limit: last } : {}),
  });
  const rows = containers.map((container) => containerRow(container, { truncate: !flags.bool('no-trunc') }));
  writeRows(cli.stdout, containerColumns({ size }), rows, { format, quiet });
}

function usesSize(format: string): boolean {
  return /\.Size\b|json \.\s*[}|)]/.test(format);
}
