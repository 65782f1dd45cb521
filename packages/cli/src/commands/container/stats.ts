import type { Cli } from '../../cli.ts';
import type { CommandSpec, Flags } from '../../command.ts';
import { LIST_FORMAT, NO_TRUNC } from '../format-flag.ts';
import { Board } from './stats-board.ts';

const REDRAW_MILLIS = 500;
const CLEAR_SCREEN = '\x1b[2J\x1b[H';

export const command: CommandSpec = {
  name: 'stats',
  usage: '[OPTIONS] [CONTAINER...]',
  summary: 'Show what containers use, live',
  flags: [
    { name: 'all', short: 'a', kind: 'bool', description: 'Show all containers, not only running ones' },
    LIST_FORMAT,
    { name: 'no-stream', kind: 'bool', description: 'Show one reading and end' },
    NO_TRUNC,
  ],
  args: { min: 0, max: Number.POSITIVE_INFINITY },
  run: stats,
};

async function stats(cli: Cli, args: string[], flags: Flags): Promise<void> {
  const format = flags.string('format') || (cli.config().statsFormat ?? '');
  const board = new Board(cli.client(), { format, truncate: !flags.bool('no-trunc') });
  const all = flags.bool('all');
  if (flags.bool('no-stream')) {
    const named = args.length > 0;
    await board.readOnce(named ? args : await board.listed(all), { named });
    return cli.stdout.write(board.text());
  }
  const timer = setInterval(() => cli.stdout.write(CLEAR_SCREEN + board.text()), REDRAW_MILLIS);
  try {
    await (args.length > 0 ? board.followNamed(args) : board.followAll(all));
  } finally {
    clearInterval(timer);
    board.close();
  }
}
