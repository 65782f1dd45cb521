import { containerRename } from '../../client/container.ts';
import { errorText } from '../../client/errors.ts';
import type { CommandSpec } from '../../command.ts';
import { StatusError } from '../../status-error.ts';

export const command: CommandSpec = {
  name: 'rename',
  usage: 'CONTAINER NEW_NAME',
  summary: 'Give a container another name',
  flags: [],
  args: { min: 2, max: 2 },
  async run(cli, args) {
    const [container = '', name = ''] = args.map((arg) => arg.trim());
    if (container === '' || name === '') throw new StatusError(1, 'Error: Neither old nor new names may be empty');
    try {
      await containerRename(cli.client(), container, name);
    } catch (err) {
      throw new StatusError(1, `${errorText(err)}\nError: failed to rename container named ${container}`);
    }
  },
};
