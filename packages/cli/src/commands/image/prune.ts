import { humanSize } from '@tsdocker/shared/units.ts';
import { imagesPrune } from '../../client/image.ts';
import type { CommandSpec } from '../../command.ts';
import { confirmed, FORCE_FLAG } from '../confirm.ts';
import { filterFlag, filtersOf } from '../filter-flag.ts';

export const command: CommandSpec = {
  name: 'prune',
  usage: '[OPTIONS]',
  summary: 'Remove unused images',
  flags: [
    { name: 'all', short: 'a', kind: 'bool', description: 'Remove all that no container uses, not only untagged ones' },
    filterFlag('Remove only what matches (`until=TIME`, `label=...`)', { short: false }),
    FORCE_FLAG,
  ],
  args: { min: 0, max: 0 },
  async run(cli, _args, flags) {
    const all = flags.bool('all');
    const filters = { ...filtersOf(flags), dangling: [String(!all)] };
    const warning = all
      ? 'This will remove all images without at least one container associated to them.'
      : 'This will remove all dangling images.';
    if (!flags.bool('force') && !(await confirmed(cli, warning))) return;
    const { ImagesDeleted, SpaceReclaimed } = await imagesPrune(cli.client(), filters);
    if (ImagesDeleted?.length) {
      const lines = ImagesDeleted.map(({ Deleted, Untagged }) =>
        Untagged ? `untagged: ${Untagged}\n` : `deleted: ${Deleted}\n`,
      );
      cli.stdout.write(`Deleted Images:\n${lines.join('')}\n`);
    }
    cli.stdout.write(`Total reclaimed space: ${humanSize(SpaceReclaimed)}\n`);
  },
};
