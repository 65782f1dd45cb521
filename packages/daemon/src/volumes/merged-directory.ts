/** One directory of an overlay's merged view, open in every layer that has a part in it. */
import { closeSync, constants, openSync, type Stats } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { type IsOpaque, isWhiteout, LayeredRoot, O_PATH } from '../runtime/spec/layered-root.ts';

const { O_DIRECTORY, O_NOFOLLOW } = constants;

/** A name in it: of directories the topmost part. The path holds while the directory is open. */
export interface MergedEntry {
  path: string;
  stats: Stats;
}

export class MergedDirectory {
  readonly #fds: number[];
  readonly #isOpaque: IsOpaque;

  /** Takes over the descriptors. */
  constructor(fds: number[], isOpaque: IsOpaque) {
    this.#fds = fds;
    this.#isOpaque = isOpaque;
  }

  /** The part whose owner, mode and attributes count. */
  get topPath(): string {
    return `/proc/self/fd/${this.#fds[0]}`;
  }

  /** What is visible: upper names hide lower ones, and whiteouts hide without being shown. */
  async entries(): Promise<Map<string, MergedEntry>> {
    const seen = new Set<string>();
    const visible = new Map<string, MergedEntry>();
    for (const fd of this.#fds) {
      for (const name of await readdir(`/proc/self/fd/${fd}/.`)) {
        if (seen.has(name)) continue;
        seen.add(name);
        const path = `/proc/self/fd/${fd}/${name}`;
        const stats = await lstat(path);
        if (!isWhiteout(stats)) visible.set(name, { path, stats });
      }
    }
    return visible;
  }

  /** A directory of `entries`. */
  open(name: string): MergedDirectory {
    const fds: number[] = [];
    for (const parent of this.#fds) {
      const path = `/proc/self/fd/${parent}/${name}`;
      const fd = tryOpenDirectory(path);
      if (fd === 'absent') continue;
      if (fd === 'other') break;
      fds.push(fd);
      if (this.#isOpaque(path)) break;
    }
    return new MergedDirectory(fds, this.#isOpaque);
  }

  close(): void {
    for (const fd of this.#fds.splice(0)) closeSync(fd);
  }
}

/** @param layers top first @returns undefined when the merged view has no directory there */
export function openMerged(layers: readonly string[], path: string, isOpaque: IsOpaque): MergedDirectory | undefined {
  const fds = new LayeredRoot(layers, isOpaque).openDirectory(path);
  return fds && new MergedDirectory(fds, isOpaque);
}

/** `other`: something that ends the merging, a file or a whiteout. */
function tryOpenDirectory(path: string): number | 'absent' | 'other' {
  try {
    return openSync(path, O_PATH | O_DIRECTORY | O_NOFOLLOW);
  } catch (err) {
    const { code } = err as NodeJS.ErrnoException;
    if (code === 'ENOENT') return 'absent';
    if (code === 'ENOTDIR' || code === 'ELOOP') return 'other';
    throw err;
  }
}
