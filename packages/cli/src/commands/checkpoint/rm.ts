import { checkpointDelete } from '../../client/checkpoint.ts';
import type { CommandSpec } from '../../command.ts';
import { requireExperimental } from '../experimental.ts';
import { DIRECTORY_FLAG } from './directory-flag.ts';

export const command: CommandSpec = {
  name: 'rm',
  aliases: ['remove'],
  usage: '[OPTIONS] CONTAINER CHECKPOINT',
  summary: 'Remove a checkpoint',
  flags: [DIRECTORY_FLAG],
  args: { min: 2, max: 2 },
  async run(cli, [container = '', checkpoint = ''], flags) {
    await requireExperimental(cli, 'docker checkpoint rm');
    await checkpointDelete(cli.client(), container, { checkpoint, directory: flags.string('checkpoint-dir') });
  },
};
