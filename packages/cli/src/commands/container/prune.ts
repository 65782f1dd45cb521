import { humanSize } from '@tsdocker/shared/units.ts';
import { containersPrune } from '../../client/container.ts';
import type { CommandSpec } from '../../command.ts';
import { confirmed, FORCE_FLAG } from '../confirm.ts';
import { filterFlag, filtersOf } from '../filter-flag.ts';

export const command: CommandSpec = {
  name: 'prune',
  usage: '[OPTIONS]',
  summary: 'Remove all stopped containers',
  flags: [filterFlag('Remove only what matches (`until=TIME`, `label=...`)', { short: false }), FORCE_FLAG],
  args: { min: 0, max: 0 },
  async run(cli, _args, flags) {
    const filters = filtersOf(flags);
    if (!flags.bool('force') && !(await confirmed(cli, 'This will remove all stopped containers.'))) return;
    const { ContainersDeleted, SpaceReclaimed } = await containersPrune(cli.client(), filters);
    if (ContainersDeleted?.length) {
      cli.stdout.write(`Deleted Containers:\n${ContainersDeleted.map((id) => `${id}\n`).join('')}\n`);
    }
    cli.stdout.write(`Total reclaimed space: ${humanSize(SpaceReclaimed)}\n`);
  },
};
