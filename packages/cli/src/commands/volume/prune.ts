import { compareApiVersions } from '@tsdocker/shared/api-version.ts';
import { humanSize } from '@tsdocker/shared/units.ts';
import { volumesPrune } from '../../client/volume.ts';
import type { CommandSpec } from '../../command.ts';
import { StatusError } from '../../status-error.ts';
import { confirmed, FORCE_FLAG } from '../confirm.ts';
import { filterFlag, filtersOf } from '../filter-flag.ts';

/** From here on the daemon keeps named volumes unless `all` is set; older ones know only all. */
const ANONYMOUS_ONLY_SINCE = '1.42';

export const command: CommandSpec = {
  name: 'prune',
  usage: '[OPTIONS]',
  summary: 'Remove unused volumes',
  flags: [
    { name: 'all', short: 'a', kind: 'bool', description: 'Remove named ones too', since: ANONYMOUS_ONLY_SINCE },
    filterFlag('Remove only what matches (`label=...`)', { short: false }),
    FORCE_FLAG,
  ],
  args: { min: 0, max: 0 },
  async run(cli, _args, flags) {
    const filters = filtersOf(flags);
    const all = flags.bool('all');
    if (all && filters['all'])
      throw new StatusError(1, 'conflicting options: cannot specify both --all and --filter all=1');
    if (all) filters['all'] = ['true'];
    const anonymousOnly = compareApiVersions(await cli.client().apiVersion(), ANONYMOUS_ONLY_SINCE) >= 0 && !all;
    const warning = `This will remove all${anonymousOnly ? ' anonymous' : ''} local volumes not used by at least one container.`;
    if (!flags.bool('force') && !(await confirmed(cli, warning))) return;
    const { VolumesDeleted, SpaceReclaimed } = await volumesPrune(cli.client(), filters);
    if (VolumesDeleted?.length) cli.stdout.write(`Deleted Volumes:\n${VolumesDeleted.join('\n')}\n\n`);
    cli.stdout.write(`Total reclaimed space: ${humanSize(SpaceReclaimed)}\n`);
  },
};
