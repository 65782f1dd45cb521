/** The table of `stats`: the latest sample of each container, kept up to date by their streams and the daemon's events. */
import { isNotFound } from '@tsdocker/shared/errors.ts';
import type { ContainerStats } from '@tsdocker/shared/types/container.ts';
import type { EngineClient } from '../../client/client.ts';
import { containerList, containerStats } from '../../client/container.ts';
import { errorText } from '../../client/errors.ts';
import { systemEvents } from '../../client/system.ts';
import { formatRows } from '../../format/format.ts';
import { STATS_COLUMNS, statsRow } from '../../format/stats-columns.ts';
import { shortId } from '../../format/text.ts';
import { StatusError } from '../../status-error.ts';

export interface BoardOptions {
  format: string;
  truncate: boolean;
}

interface Entry {
  sample?: ContainerStats;
  end: AbortController;
}

export class Board {
  readonly #client: EngineClient;
  readonly #options: BoardOptions;
  /** In the order they are shown in. */
  readonly #entries = new Map<string, Entry>();
  /** Rejects with what ends the command. */
  readonly #failure = Promise.withResolvers<never>();

  constructor(client: EngineClient, options: BoardOptions) {
    this.#client = client;
    this.#options = options;
    this.#failure.promise.catch(() => {});
  }

  text(): string {
    const rows = [...this.#entries].map(([container, { sample }]) => statsRow(container, sample, this.#options));
    return formatRows(STATS_COLUMNS, rows, this.#options);
  }

  /**
   * One reading of each.
   * @param named the user asked for them: one that is not there is an error
   * @throws StatusError that names every container that failed
   */
  async readOnce(containers: readonly string[], { named }: { named: boolean }): Promise<void> {
    const readings = containers.map(async (container) => {
      const entry = this.#enter(container);
      try {
        for await (const sample of await containerStats(this.#client, container, { stream: false })) {
          entry.sample = sample;
        }
      } catch (err) {
        if (named || !isNotFound(err)) throw err;
        this.#entries.delete(container);
      }
    });
    throwAll(await Promise.allSettled(readings));
  }

  /** Those running now, or all of them. */
  async listed(all: boolean): Promise<string[]> {
    return (await containerList(this.#client, { all })).map(({ Id }) => shortId(Id ?? ''));
  }

  /** Until all of them are gone. @throws StatusError at once when one of them is not there */
  async followNamed(containers: readonly string[]): Promise<void> {
    const started = containers.map((container) => this.#follow(container));
    throwAll(await Promise.allSettled(started.map(({ first }) => first)));
    await Promise.race([this.#failure.promise, Promise.all(started.map(({ ended }) => ended))]);
  }

  /** Containers come and go, until the daemon does. @param all those that do not run stay, with nothing to show */
  async followAll(all: boolean): Promise<void> {
    const filters = { type: ['container'], event: ['create', 'start', 'die', 'destroy'] };
    // Before the listing, so that nobody comes unseen in between.
    const events = await systemEvents(this.#client, { filters });
    for (const container of await this.listed(all)) this.#follow(container);
    const watch = async () => {
      for await (const { Action, Actor } of events) this.#apply(Action ?? '', shortId(Actor?.ID ?? ''), all);
    };
    await Promise.race([this.#failure.promise, watch()]);
  }

  /** Ends all streams. */
  close(): void {
    for (const { end } of this.#entries.values()) end.abort();
  }

  #apply(action: string, container: string, all: boolean): void {
    const leaves = action === 'destroy' || (action === 'die' && !all);
    const comes = action === 'start' || (action === 'create' && all);
    if (leaves) {
      this.#entries.get(container)?.end.abort();
      this.#entries.delete(container);
    } else if (comes && !this.#entries.has(container)) this.#follow(container);
  }

  #enter(container: string): Entry {
    const entry: Entry = { end: new AbortController() };
    this.#entries.set(container, entry);
    return entry;
  }

  /** `first`: the first sample is there, or why there is none. `ended` never rejects. */
  #follow(container: string): { first: Promise<void>; ended: Promise<void> } {
    const entry = this.#enter(container);
    const first = Promise.withResolvers<void>();
    first.promise.catch(() => {});
    const read = async () => {
      const options = { stream: true, signal: entry.end.signal };
      for await (const sample of await containerStats(this.#client, container, options)) {
        entry.sample = sample;
        first.resolve();
      }
      first.resolve();
    };
    const ended = read()
      .catch((err: unknown) => {
        first.reject(err);
        if (!entry.end.signal.aborted && !isNotFound(err)) this.#failure.reject(err);
      })
      .then(() => {
        // A container that started again meanwhile has a new entry.
        if (this.#entries.get(container) === entry) this.#entries.delete(container);
      });
    return { first: first.promise, ended };
  }
}

function throwAll(results: PromiseSettledResult<unknown>[]): void {
  const failed = results.filter((result) => result.status === 'rejected');
  if (failed.length > 0) throw new StatusError(1, failed.map(({ reason }) => errorText(reason)).join('\n'));
}
