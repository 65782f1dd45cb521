import type { CommandSpec } from '../../command.ts';
import { createContainer, createFlags, readRequest } from './create-container.ts';
import { framed } from './error-frame.ts';

export const command: CommandSpec = {
  name: 'create',
  usage: '[OPTIONS] IMAGE [COMMAND] [ARG...]',
  summary: 'Create a new container',
  flags: createFlags,
  args: { min: 1, max: Number.POSITIVE_INFINITY },
  stopAtArgument: true,
  async run(cli, args, flags) {
    const request = await readRequest(cli, args, flags, false).catch((err: unknown) => {
      throw framed('create', err);
    });
    const id = await createContainer(cli, request, flags);
    cli.stdout.write(`${id}\n`);
  },
};
