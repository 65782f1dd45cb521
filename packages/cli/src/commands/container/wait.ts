import { containerWait } from '../../client/container.ts';
import type { CommandSpec } from '../../command.ts';
import { StatusError } from '../../status-error.ts';
import { eachInTurn } from '../targets.ts';

export const command: CommandSpec = {
  name: 'wait',
  usage: 'CONTAINER [CONTAINER...]',
  summary: 'Wait for containers to end and print their exit codes',
  flags: [],
  args: { min: 1, max: Number.POSITIVE_INFINITY },
  run: (cli, args) =>
    eachInTurn(args, async (container) => {
      const { exit } = await containerWait(cli.client(), container, 'not-running');
      const { StatusCode, Error: failure } = await exit;
      if (failure?.Message) throw new StatusError(1, failure.Message);
      cli.stdout.write(`${StatusCode}\n`);
    }),
};
