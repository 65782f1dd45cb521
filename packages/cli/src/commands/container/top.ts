import { containerTop } from '../../client/container.ts';
import type { CommandSpec } from '../../command.ts';
import { alignTabs } from '../../format/tab-writer.ts';

/** top's columns: at least 20 wide, three blanks between, as docker's. */
const MIN_WIDTH = 20;
const PADDING = 3;

export const command: CommandSpec = {
  name: 'top',
  usage: 'CONTAINER [ps OPTIONS]',
  summary: 'Show the processes of a container',
  flags: [],
  args: { min: 1, max: Number.POSITIVE_INFINITY },
  stopAtArgument: true,
  async run(cli, args) {
    const [container = '', ...psArguments] = args;
    const { Titles, Processes } = await containerTop(cli.client(), container, psArguments);
    const lines = [Titles ?? [], ...(Processes ?? [])].map((cells) => `${cells.join('\t')}\n`);
    cli.stdout.write(alignTabs(lines.join(''), MIN_WIDTH, PADDING));
  },
};
