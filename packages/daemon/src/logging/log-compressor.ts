/** Compresses the rotated files of many logs, one after the other: it must not take the processors from containers. */
import { compressRotated, type TryLock } from './compress-rotated.ts';

interface Work {
  path: string;
  /** Rotated again while it was worked on. */
  again: boolean;
  running: boolean;
  controller: AbortController;
  done: Promise<void>;
}

export class LogCompressor {
  readonly #tryLock: TryLock;
  readonly #warn: (message: string, fields: Record<string, unknown>) => void;
  readonly #work = new Map<string, Work>();
  #last: Promise<void> = Promise.resolve();

  /** @param warn reports what nobody waits for */
  constructor(tryLock: TryLock, warn: (message: string, fields: Record<string, unknown>) => void) {
    this.#tryLock = tryLock;
    this.#warn = warn;
  }

  /** Compresses what is rotated already. @param path of the current file */
  compress(id: string, path: string): void {
    const waiting = this.#work.get(id);
    if (waiting) {
      waiting.again = true;
      return;
    }
    const work: Work = {
      path,
      again: false,
      running: false,
      controller: new AbortController(),
      done: Promise.resolve(),
    };
    this.#work.set(id, work);
    work.done = this.#last.then(() => this.#run(id, work));
    this.#last = work.done;
  }

  /** Nothing is written any more once it resolves. What has not begun is not waited for: others may take long. */
  async stop(id: string): Promise<void> {
    const work = this.#work.get(id);
    if (!work) return;
    work.controller.abort();
    if (work.running) await work.done;
    else this.#work.delete(id);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#work.keys()].map((id) => this.stop(id)));
  }

  async #run(id: string, work: Work): Promise<void> {
    const { signal } = work.controller;
    if (signal.aborted) return;
    work.running = true;
    try {
      do {
        work.again = false;
        await compressRotated(work.path, this.#tryLock, signal);
      } while (work.again && !signal.aborted);
    } catch (err) {
      if (!signal.aborted) this.#warn('log not compressed', { container: id, error: (err as Error).message });
    } finally {
      this.#work.delete(id);
    }
  }
}
