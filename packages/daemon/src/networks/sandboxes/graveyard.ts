/**
 * Namespaces whose container has ended. The kernel's clean-up of a namespace holds the lock of all network
 * configuration for tens of milliseconds, so the last descriptors are closed in batches, when no attach is under way.
 */
import { closeSync } from 'node:fs';

const BATCH = 20;
const LONGEST_WAIT_MS = 1000;

export interface Buried {
  netnsFd: number;
  /** Address the container had. */
  address: number;
}

export class Graveyard {
  readonly #onEmptied: (addresses: number[]) => void;
  readonly #busy: () => boolean;
  #buried: Buried[] = [];
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param opts.busy true while attaches are under way
   * @param opts.onEmptied gets the addresses of what was just closed
   */
  constructor(opts: { busy: () => boolean; onEmptied: (addresses: number[]) => void }) {
    this.#busy = opts.busy;
    this.#onEmptied = opts.onEmptied;
  }

  bury(dead: Buried): void {
    this.#buried.push(dead);
    if (this.#buried.length >= BATCH && !this.#busy()) this.empty();
    else this.#timer ??= setTimeout(() => this.empty(), LONGEST_WAIT_MS).unref();
  }

  /** Closes all of them. */
  empty(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const batch = this.#buried;
    this.#buried = [];
    if (batch.length === 0) return;
    for (const { netnsFd } of batch) closeSync(netnsFd);
    this.#onEmptied(batch.map(({ address }) => address));
  }
}
