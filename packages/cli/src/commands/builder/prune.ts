import { humanSize } from '@tsdocker/shared/units.ts';
import { buildPrune } from '../../client/build.ts';
import type { CommandSpec } from '../../command.ts';
import { parseBytes } from '../../flags/bytes.ts';
import { confirmed, FORCE_FLAG } from '../confirm.ts';
import { filterFlag, filtersOf } from '../filter-flag.ts';

export const command: CommandSpec = {
  name: 'prune',
  usage: '',
  summary: 'Remove build cache',
  flags: [
    { name: 'all', short: 'a', kind: 'bool', description: 'Remove also what images share' },
    filterFlag('Remove only what matches (`until=24h`)', { short: false }),
    FORCE_FLAG,
    {
      name: 'keep-storage',
      kind: 'custom',
      valueName: 'bytes',
      description: 'Keep so much of what was used last',
      parse: parseBytes,
    },
  ],
  args: { min: 0, max: 0 },
  async run(cli, _args, flags) {
    const all = flags.bool('all');
    const warning = all ? 'This will remove all build cache.' : 'This will remove all dangling build cache.';
    if (!flags.bool('force') && !(await confirmed(cli, warning))) return;
    const keepBytes = flags.custom<number>('keep-storage');
    const { CachesDeleted, SpaceReclaimed } = await buildPrune(cli.client(), {
      all,
      filters: filtersOf(flags),
      ...(keepBytes && { keepBytes }),
    });
    if (CachesDeleted?.length) cli.stdout.write(`Deleted build cache objects:\n${CachesDeleted.join('\n')}\n\n`);
    cli.stdout.write(`Total reclaimed space: ${humanSize(SpaceReclaimed)}\n`);
  },
};
