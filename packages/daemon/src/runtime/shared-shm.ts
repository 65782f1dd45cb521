/**
 * /dev/shm of containers that share it (IpcMode shareable): a tmpfs of the host, bound into the container and into those
 * that join it. It lives at <execRoot>/shm/<id> until the container is forgotten.
 */
import { mkdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { NodeBinding } from './native/addon-types.ts';

export type MountCalls = Pick<NodeBinding, 'mountTmpfs' | 'detachMount'>;

export class SharedShm {
  readonly #root: string;
  readonly #calls: MountCalls;

  constructor(execRoot: string, calls: MountCalls) {
    this.#root = join(execRoot, 'shm');
    this.#calls = calls;
  }

  pathOf(id: string): string {
    return join(this.#root, id);
  }

  /** A new, empty one; what an earlier run left is dropped. @param options mount data: mode=, size= */
  async make(id: string, options: readonly string[]): Promise<string> {
    await this.remove(id);
    const path = this.pathOf(id);
    await mkdir(path, { recursive: true, mode: 0o700 });
    this.#calls.mountTmpfs(path, options.filter((option) => option.includes('=')).join());
    return path;
  }

  async remove(id: string): Promise<void> {
    const path = this.pathOf(id);
    try {
      this.#calls.detachMount(path);
      await rmdir(path);
    } catch (err) {
      if ((err as NodeJS.ErrnoException).code !== 'ENOENT') throw err;
    }
  }
}
