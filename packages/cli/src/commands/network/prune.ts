import { networksPrune } from '../../client/network.ts';
import type { CommandSpec } from '../../command.ts';
import { confirmed, FORCE_FLAG } from '../confirm.ts';
import { filterFlag, filtersOf } from '../filter-flag.ts';

export const command: CommandSpec = {
  name: 'prune',
  usage: '[OPTIONS]',
  summary: 'Remove all unused networks',
  flags: [filterFlag('Remove only what matches (`until=TIME`, `label=...`)', { short: false }), FORCE_FLAG],
  args: { min: 0, max: 0 },
  async run(cli, _args, flags) {
    const filters = filtersOf(flags);
    const warning = 'This will remove all custom networks not used by at least one container.';
    if (!flags.bool('force') && !(await confirmed(cli, warning))) return;
    const { NetworksDeleted } = await networksPrune(cli.client(), filters);
    if (NetworksDeleted?.length) cli.stdout.write(`Deleted Networks:\n${NetworksDeleted.join('\n')}\n\n`);
  },
};
