import { containerChanges } from '../../client/container.ts';
import type { CommandSpec } from '../../command.ts';
import { StatusError } from '../../status-error.ts';

const KINDS = ['C', 'A', 'D'];

export const command: CommandSpec = {
  name: 'diff',
  usage: 'CONTAINER',
  summary: "List what changed in a container's root file system",
  description: "List what changed in a container's root file system: A added, C changed, D deleted",
  flags: [],
  args: { min: 1, max: 1 },
  async run(cli, [container = '']) {
    if (container === '') throw new StatusError(1, 'Container name cannot be empty');
    for (const { Path, Kind } of await containerChanges(cli.client(), container))
      cli.stdout.write(`${KINDS[Kind]} ${Path}\n`);
  },
};
