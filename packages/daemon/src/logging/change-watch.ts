/** Wakes a reader when something in a directory changed (inotify). Changes between two waits are remembered, not counted. */
import { type FSWatcher, watch } from 'node:fs';

export class ChangeWatch {
  readonly #watcher: FSWatcher;
  #changed = false;
  #wake: (() => void) | undefined;
  #failure: Error | undefined;

  constructor(directory: string) {
    this.#watcher = watch(directory, { persistent: false }, () => this.notify());
    this.#watcher.on('error', (err) => {
      this.#failure = err;
      this.notify();
    });
  }

  notify(): void {
    this.#changed = true;
    this.#wake?.();
  }

  /** Resolves at once when something has changed since the last call. @throws the watcher's error */
  async next(): Promise<void> {
    if (!this.#changed) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
    this.#changed = false;
    if (this.#failure) throw this.#failure;
  }

  close(): void {
    this.#watcher.close();
  }
}
