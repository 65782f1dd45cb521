/**
 * The one loop that samples containers for all clients of stats. A container is sampled once a second however many
 * watch it, on descriptors that stay open as long as somebody does; without clients nothing runs and nothing is open.
 */
import { setImmediate } from 'node:timers/promises';
import type { RunningContainer, StatsReader } from '../runtime/runtime.ts';
import type { Container } from './container.ts';
import type { Domain } from './deps.types.ts';
import { type Sample, systemCpuNanos, takeSample } from './stats-sample.ts';

const PERIOD_MS = 1000;
/** Containers sampled before other work of the daemon gets its turn. */
const BATCH = 20;

export class StatsCollector {
  readonly #deps: Pick<Domain, 'interfaceCounters'>;
  readonly #watched = new Map<Container, Watched>();
  #timer: NodeJS.Timeout | undefined;
  #busy = false;

  constructor(deps: Pick<Domain, 'interfaceCounters'>) {
    this.#deps = deps;
  }

  /**
   * A sample at once and one each second, until the container is removed or `signal` aborts. A client that is slow to
   * take them misses some.
   */
  async *follow(c: Container, signal?: AbortSignal): AsyncGenerator<Sample> {
    if (signal?.aborted || c.removed) return;
    const client = new Mailbox();
    const watched = this.#join(c, client);
    const end = () => client.close();
    signal?.addEventListener('abort', end, { once: true });
    try {
      yield await watched.sample(this.#deps, systemCpuNanos());
      for (let sample = await client.take(); sample; sample = await client.take()) yield sample;
    } finally {
      signal?.removeEventListener('abort', end);
      this.#leave(c, watched, client);
    }
  }

  #join(c: Container, client: Mailbox): Watched {
    const watched = this.#watched.get(c) ?? new Watched(c);
    this.#watched.set(c, watched);
    watched.clients.add(client);
    this.#timer ??= setInterval(() => void this.#tick(), PERIOD_MS).unref();
    return watched;
  }

  #leave(c: Container, watched: Watched, client: Mailbox): void {
    watched.clients.delete(client);
    if (watched.clients.size > 0) return;
    watched.close();
    this.#watched.delete(c);
    if (this.#watched.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #tick(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    const all = [...this.#watched.values()];
    for (let i = 0; i < all.length; i += BATCH) {
      const systemNanos = systemCpuNanos();
      await Promise.all(all.slice(i, i + BATCH).map((watched) => watched.publish(this.#deps, systemNanos)));
      await setImmediate();
    }
    this.#busy = false;
  }
}

/** A container that clients look at, and its open counters. */
class Watched {
  readonly clients = new Set<Mailbox>();
  readonly #container: Container;
  #reader: { run: RunningContainer; counters: StatsReader } | undefined;

  constructor(container: Container) {
    this.#container = container;
  }

  sample(deps: Pick<Domain, 'interfaceCounters'>, systemNanos: number): Promise<Sample> {
    return takeSample(deps, this.#container, this.#counters(), systemNanos);
  }

  async publish(deps: Pick<Domain, 'interfaceCounters'>, systemNanos: number): Promise<void> {
    if (this.#container.removed) for (const client of this.clients) client.close();
    // The last one left while others were sampled: nothing may be opened again.
    if (this.clients.size === 0) return;
    try {
      const sample = await this.sample(deps, systemNanos);
      for (const client of this.clients) client.put(sample);
    } catch (err) {
      for (const client of this.clients) client.fail(err);
    }
  }

  close(): void {
    this.#reader?.counters.close();
    this.#reader = undefined;
  }

  /** Each run has a cgroup of its own, though by the same name. */
  #counters(): StatsReader | undefined {
    const { run } = this.#container;
    if (this.#reader?.run !== run) {
      this.close();
      this.#reader = run && { run, counters: run.openStats() };
    }
    return this.#reader?.counters;
  }
}

/** Holds the latest sample for one client. */
class Mailbox {
  #sample: Sample | undefined;
  #closed = false;
  #error: unknown;
  #wake: (() => void) | undefined;

  put(sample: Sample): void {
    this.#sample = sample;
    this.#wake?.();
  }

  close(): void {
    this.#closed = true;
    this.#wake?.();
  }

  fail(error: unknown): void {
    this.#error = error;
    this.close();
  }

  /** @returns undefined once it is closed @throws what it failed with */
  async take(): Promise<Sample | undefined> {
    while (!this.#sample && !this.#closed) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#error !== undefined) throw this.#error;
    const sample = this.#closed ? undefined : this.#sample;
    this.#sample = undefined;
    return sample;
  }
}
