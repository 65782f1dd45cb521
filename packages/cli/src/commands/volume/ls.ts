import type { Volume } from '@tsdocker/shared/types/volume.ts';
import { volumeList } from '../../client/volume.ts';
import type { CommandSpec } from '../../command.ts';
import { writeRows } from '../../format/format.ts';
import { VOLUME_COLUMNS, volumeRow } from '../../format/volume-columns.ts';
import { filterFlag, filtersOf } from '../filter-flag.ts';
import { LIST_FORMAT } from '../format-flag.ts';

export const command: CommandSpec = {
  name: 'ls',
  aliases: ['list'],
  usage: '[OPTIONS]',
  summary: 'List volumes',
  flags: [
    { name: 'cluster', kind: 'bool', description: 'Show cluster volumes only', since: '1.42' },
    filterFlag('Show only what matches (`dangling=true`)'),
    LIST_FORMAT,
    { name: 'quiet', short: 'q', kind: 'bool', description: 'Print names only' },
  ],
  args: { min: 0, max: 0 },
  async run(cli, _args, flags) {
    const quiet = flags.bool('quiet');
    const { Volumes } = await volumeList(cli.client(), filtersOf(flags));
    const isShown = (volume: Volume): boolean => !flags.bool('cluster') || volume.ClusterVolume !== undefined;
    const volumes = (Volumes ?? []).filter(isShown).sort((a, b) => (a.Name < b.Name ? -1 : 1));
    const format = flags.string('format') || (quiet ? '' : (cli.config().volumesFormat ?? ''));
    writeRows(cli.stdout, VOLUME_COLUMNS, volumes.map(volumeRow), { format, quiet });
  },
};
