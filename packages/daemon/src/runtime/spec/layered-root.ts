/**
 * Reads files of a root file system that is not mounted: the upper directory and the lowers, as overlayfs would merge
 * them. Images and containers are hostile: every step is taken by descriptor, links are resolved by hand and never leave
 * the root, whiteouts hide what lies below, and nothing but a regular file is read.
 */
import { closeSync, constants, fstatSync, lstatSync, openSync, readlinkSync, readSync, type Stats } from 'node:fs';

const { O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;
/** linux/fcntl.h; node has no name for it. */
export const O_PATH = 0o10000000;
const MAX_LINKS = 40;

/** True when the directory behind this path hides those of the layers below (trusted.overlay.opaque = y). */
export type IsOpaque = (path: string) => boolean;

/** One directory of the merged tree: its descriptor in each layer that has a part in it, top first. */
type MergedDirectory = number[];
type Entry = { kind: 'directory'; fds: MergedDirectory } | { kind: 'other'; path: string; stats: Stats };

export class LayeredRoot {
  readonly #layers: readonly string[];
  readonly #isOpaque: IsOpaque;

  /** @param layers directories, the top one first; one that does not exist counts as empty */
  constructor(layers: readonly string[], isOpaque: IsOpaque) {
    this.#layers = layers;
    this.#isOpaque = isOpaque;
  }

  /**
   * @param path absolute, inside the root
   * @returns undefined when there is no such regular file
   * @throws RangeError when it is larger than maxBytes
   */
  readFile(path: string, maxBytes: number): Buffer | undefined {
    return this.#resolve(path, (entry) => {
      if (entry.kind !== 'other' || !entry.stats.isFile()) return undefined;
      const fd = openSync(entry.path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
      try {
        const stats = fstatSync(fd);
        if (!stats.isFile()) return undefined;
        if (stats.size > maxBytes) throw new RangeError(`${path}: larger than ${maxBytes} bytes`);
        const buffer = Buffer.alloc(stats.size);
        return buffer.subarray(0, readSync(fd, buffer, 0, stats.size, 0));
      } finally {
        closeSync(fd);
      }
    });
  }

  /**
   * @returns descriptors (O_PATH) of a directory's part in each layer, top first, which the caller closes; undefined when
   *   there is no such directory
   */
  openDirectory(path: string): number[] | undefined {
    return this.#resolve(path, (entry) =>
      entry.kind === 'directory'
        ? entry.fds.map((fd) => openSync(`/proc/self/fd/${fd}`, O_PATH | O_DIRECTORY))
        : undefined,
    );
  }

  /** Calls `use` while the entry's descriptors are open; they are closed after. Undefined when there is none. */
  #resolve<T>(path: string, use: (entry: Entry) => T): T | undefined {
    const opened: number[] = [];
    try {
      const root = this.#layers.flatMap((layer) => this.#open(layer, O_DIRECTORY, opened));
      const entry = this.#walk([root], split(path), opened);
      return entry && use(entry);
    } finally {
      for (const fd of opened) closeSync(fd);
    }
  }

  #walk(stack: MergedDirectory[], todo: string[], opened: number[]): Entry | undefined {
    let links = 0;
    while (todo.length > 0) {
      const name = todo.shift()!;
      if (name === '..') {
        if (stack.length > 1) stack.pop();
        continue;
      }
      const entry = this.#lookup(stack.at(-1)!, name, opened);
      if (!entry) return undefined;
      if (entry.kind === 'directory') stack.push(entry.fds);
      else if (entry.stats.isSymbolicLink()) {
        if (++links > MAX_LINKS) return undefined;
        const target = readlinkSync(entry.path);
        if (target.startsWith('/')) stack.length = 1;
        todo.unshift(...split(target));
      } else return todo.length === 0 ? entry : undefined;
    }
    return { kind: 'directory', fds: stack.at(-1)! };
  }

  #lookup(directory: MergedDirectory, name: string, opened: number[]): Entry | undefined {
    const fds: number[] = [];
    for (const fd of directory) {
      const path = `/proc/self/fd/${fd}/${name}`;
      const stats = lstatSync(path, { throwIfNoEntry: false });
      if (!stats) continue;
      if (isWhiteout(stats)) break;
      if (!stats.isDirectory()) {
        if (fds.length > 0) break;
        return { kind: 'other', path, stats };
      }
      fds.push(...this.#open(path, O_DIRECTORY | O_NOFOLLOW, opened));
      if (directory.length > 1 && this.#isOpaque(path)) break;
    }
    return fds.length > 0 ? { kind: 'directory', fds } : undefined;
  }

  #open(path: string, flags: number, opened: number[]): number[] {
    try {
      const fd = openSync(path, O_PATH | flags);
      opened.push(fd);
      return [fd];
    } catch (err) {
      const { code } = err as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP') return [];
      throw err;
    }
  }
}

/** overlayfs marks a removed name with a character device 0:0. */
export function isWhiteout(stats: Pick<Stats, 'isCharacterDevice' | 'rdev'>): boolean {
  return stats.isCharacterDevice() && stats.rdev === 0;
}

function split(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}
