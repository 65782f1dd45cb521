import { checkpointCreate } from '../../client/checkpoint.ts';
import type { CommandSpec } from '../../command.ts';
import { requireExperimental } from '../experimental.ts';
import { DIRECTORY_FLAG } from './directory-flag.ts';

export const command: CommandSpec = {
  name: 'create',
  usage: '[OPTIONS] CONTAINER CHECKPOINT',
  summary: 'Make a checkpoint of a running container',
  flags: [DIRECTORY_FLAG, { name: 'leave-running', kind: 'bool', description: 'The container goes on afterwards' }],
  args: { min: 2, max: 2 },
  async run(cli, [container = '', checkpoint = ''], flags) {
    await requireExperimental(cli, 'docker checkpoint create');
    await checkpointCreate(cli.client(), container, {
      checkpoint,
      directory: flags.string('checkpoint-dir'),
      leaveRunning: flags.bool('leave-running'),
    });
    cli.stdout.write(`${checkpoint}\n`);
  },
};
