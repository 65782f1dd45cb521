import type { CommandSpec } from '../../command.ts';

export const command: CommandSpec = {
  name: 'show',
  usage: '',
  summary: 'Print the name of the current context',
  flags: [],
  args: { min: 0, max: 0 },
  async run(cli) {
    cli.stdout.write(`${cli.contextName()}\n`);
  },
};
