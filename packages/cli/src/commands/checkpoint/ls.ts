import { checkpointList } from '../../client/checkpoint.ts';
import type { CommandSpec } from '../../command.ts';
import { requireExperimental } from '../experimental.ts';
import { DIRECTORY_FLAG } from './directory-flag.ts';

export const command: CommandSpec = {
  name: 'ls',
  aliases: ['list'],
  usage: '[OPTIONS] CONTAINER',
  summary: 'List checkpoints of a container',
  flags: [DIRECTORY_FLAG],
  args: { min: 1, max: 1 },
  async run(cli, [container = ''], flags) {
    await requireExperimental(cli, 'docker checkpoint ls');
    const found = await checkpointList(cli.client(), container, flags.string('checkpoint-dir'));
    cli.stdout.write(`${['CHECKPOINT NAME', ...found.map(({ Name }) => Name)].join('\n')}\n`);
  },
};
