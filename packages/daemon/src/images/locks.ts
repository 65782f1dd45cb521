/** What keeps concurrent pulls, loads and removals apart. All in memory: a crash releases everything. */

/** A lock a key; waiters are served in order. */
export class KeyedLock {
  readonly #tails = new Map<string, Promise<void>>();

  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key) ?? Promise.resolve();
    let release: () => void = () => {};
    const mine = new Promise<void>((resolve) => {
      release = resolve;
    });
    const tail = before.then(() => mine);
    this.#tails.set(key, tail);
    await before;
    try {
      return await work();
    } finally {
      release();
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
    }
  }

  /** Somebody has it or waits for it. */
  isHeld(key: string): boolean {
    return this.#tails.has(key);
  }
}

/** Layers and blobs that metadata does not name yet but somebody is about to. The collector leaves them alone. */
export class Leases {
  readonly #counts = new Map<string, number>();

  /** Holds until the returned function is called. */
  hold(key: string): () => void {
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      const left = (this.#counts.get(key) ?? 1) - 1;
      if (left === 0) this.#counts.delete(key);
      else this.#counts.set(key, left);
    };
  }

  isHeld(key: string): boolean {
    return this.#counts.has(key);
  }
}

/** At most `limit` at once. */
export class Semaphore {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(limit: number) {
    this.#free = limit;
  }

  async run<T>(work: () => Promise<T>, onWait?: () => void): Promise<T> {
    if (this.#free > 0) this.#free--;
    else {
      onWait?.();
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    }
  }
}

/** Lock and leases of one kind of thing. */
export class Guard {
  readonly locks = new KeyedLock();
  readonly leases = new Leases();
}
