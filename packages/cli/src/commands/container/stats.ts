import { isNotFound } from '@tsdocker/shared/errors.ts';
import type { ContainerStats } from '@tsdocker/shared/types/container.ts';
import type { Cli } from '../../cli.ts';
import { containerList, containerStats } from '../../client/container.ts';
import { errorText } from '../../client/errors.ts';
import { systemEvents } from '../../client/system.ts';
import type { CommandSpec, Flags } from '../../command.ts';
import { formatRows } from '../../format/format.ts';
import { STATS_COLUMNS, statsRow } from '../../format/stats-columns.ts';
import { shortId } from '../../format/text.ts';
import { StatusError } from '../../status-error.ts';
import { LIST_FORMAT, NO_TRUNC } from '../format-flag.ts';

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
  const board = new Board(cli, { format, truncate: !flags.bool('no-trunc') });
  const listed = args.length > 0 ? args : await runningContainers(cli, flags.bool('all'));
  if (flags.bool('no-stream')) {
    await Promise.all(listed.map((container) => board.readOnce(container)));
    board.throwErrors();
    return cli.stdout.write(board.text());
  }
  await board.follow(listed, { newOnes: args.length === 0 });
}

async function runningContainers(cli: Cli, all: boolean): Promise<string[]> {
  const containers = await containerList(cli.client(), { all });
  return containers.map((container) => shortId(container.Id ?? ''));
}

/** The latest sample of each container, drawn twice a second. */
class Board {
  readonly #cli: Cli;
  readonly #options: { format: string; truncate: boolean };
  readonly #samples = new Map<string, ContainerStats | undefined>();
  readonly #errors: string[] = [];
  readonly #end = new AbortController();

  constructor(cli: Cli, options: { format: string; truncate: boolean }) {
    this.#cli = cli;
    this.#options = options;
  }

  async readOnce(container: string): Promise<void> {
    this.#samples.set(container, undefined);
    try {
      const samples = await containerStats(this.#cli.client(), container, { stream: false });
      for await (const sample of samples) this.#samples.set(container, sample);
    } catch (err) {
      this.#samples.delete(container);
      this.#errors.push(errorText(err));
    }
  }

  /** Until all named ones are gone, or for ever when new ones join. @throws StatusError for a name that is unknown */
  async follow(containers: readonly string[], { newOnes }: { newOnes: boolean }): Promise<void> {
    const timer = setInterval(() => this.#cli.stdout.write(CLEAR_SCREEN + this.text()), REDRAW_MILLIS);
    const joined = newOnes ? this.#join() : Promise.resolve();
    try {
      await Promise.all(containers.map((container) => this.#read(container)));
      await joined;
    } finally {
      clearInterval(timer);
      this.#end.abort();
    }
    this.throwErrors();
  }

  text(): string {
    const rows = [...this.#samples].map(([container, sample]) => statsRow(container, sample, this.#options));
    return formatRows(STATS_COLUMNS, rows, this.#options);
  }

  throwErrors(): void {
    if (this.#errors.length > 0) throw new StatusError(1, this.#errors.join('\n'));
  }

  async #read(container: string): Promise<void> {
    this.#samples.set(container, undefined);
    try {
      const samples = await containerStats(this.#cli.client(), container, { stream: true, signal: this.#end.signal });
      for await (const sample of samples) this.#samples.set(container, sample);
    } catch (err) {
      if (!isNotFound(err)) throw err;
      this.#errors.push(errorText(err));
    }
    this.#samples.delete(container);
  }

  async #join(): Promise<void> {
    const filters = { type: ['container'], event: ['start'] };
    const events = await systemEvents(this.#cli.client(), { filters, signal: this.#end.signal });
    for await (const event of events) {
      const id = shortId(event.Actor?.ID ?? '');
      if (id !== '' && !this.#samples.has(id)) this.#read(id).catch((err: Error) => this.#end.abort(err));
    }
  }
}
