/**
 * Deletes trees in the background. A tree is first renamed into the trash, which is atomic: after a crash it is either
 * whole in its old place or in the trash, which is emptied at start.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { native } from '../runtime/native/bindings.ts';

export class Trash {
  readonly #directory: string;
  readonly #onError: (err: unknown) => void;
  /** One deletion at a time: more would only fight for the disk and the thread pool. */
  #tail: Promise<void> = Promise.resolve();

  private constructor(directory: string, onError: (err: unknown) => void) {
    this.#directory = directory;
    this.#onError = onError;
  }

  /** Goes on with what a previous daemon left. @param onError a tree that cannot be deleted; it is tried again at the next start */
  static async open(directory: string, onError: (err: unknown) => void): Promise<Trash> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const trash = new Trash(directory, onError);
    for (const name of await readdir(directory)) trash.#delete(join(directory, name));
    return trash;
  }

  /** Moves a file or tree away; false when there is none. It must be on the trash's file system. */
  async discard(path: string): Promise<boolean> {
    const target = join(this.#directory, randomBytes(12).toString('hex'));
    try {
      await rename(path, target);
    } catch (err) {
      if ((err as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw err;
    }
    this.#delete(target);
    return true;
  }

  #delete(path: string): void {
    this.#tail = this.#tail.then(() => native.removeTree(path)).catch(this.#onError);
  }

  /** Resolves when everything discarded so far is gone. */
  async idle(): Promise<void> {
    await this.#tail;
  }
}
