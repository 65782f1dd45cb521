/**
 * Unpacks a container's archive below a directory of this machine. The archive is hostile: no name leads out of the
 * directory, nothing is written through a link, and owners stay the user's own. By synchronous calls: the trip through the
 * thread pool takes several times longer than what it does to a small file.
 */
import {
  chmodSync,
  closeSync,
  fchmodSync,
  futimesSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeSync,
} from 'node:fs';
import { join, posix } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { extract } from 'tar-stream';
import { type CopyPlan, renamed } from './paths.ts';

type Header = {
  name: string;
  type?: string | null;
  mode?: number;
  linkname?: string | null;
  mtime?: Date;
  pax?: Record<string, string>;
};

export interface UnpackOptions extends CopyPlan {
  /** Told of content bytes. */
  onContent?(bytes: number): void;
  /** Told of bytes of the archive. */
  onBytes?(bytes: number): void;
}

/** @throws Error `cannot overwrite directory "x" with non-directory "y"` and what the file system refuses */
export async function unpackLocal(archive: Readable, opts: UnpackOptions): Promise<void> {
  const unpacking = new Unpacking(opts);
  const reader = extract();
  archive.on('data', (chunk: Buffer) => opts.onBytes?.(chunk.length));
  reader.on('entry', (header, content, next) => {
    const attempt = (step: () => void): void => {
      try {
        step();
      } catch (err) {
        unpacking.closeFile();
        reader.destroy(err as Error);
      }
    };
    content.on('data', (chunk) => attempt(() => unpacking.write(chunk as Buffer)));
    content.on('end', () =>
      attempt(() => {
        unpacking.closeFile();
        next();
      }),
    );
    attempt(() => unpacking.begin(header as Header));
  });
  try {
    await pipeline(archive, reader);
  } finally {
    unpacking.closeFile();
  }
  unpacking.finish();
}

class Unpacking {
  readonly #opts: UnpackOptions;
  /** Directories known to be no links. */
  readonly #real = new Set<string>();
  readonly #times: { path: string; seconds: number }[] = [];
  #file: { fd: number; mode: number; seconds: number } | undefined;

  constructor(opts: UnpackOptions) {
    this.#opts = opts;
  }

  /** Makes the entry; of a file the content follows. */
  begin(header: Header): void {
    const name = safeName(renamed(header.name.replace(/\/+$/, ''), this.#opts.rename));
    if (name === '') return;
    const path = join(this.#opts.directory, name);
    this.#makeParents(name);
    const existing = lstatSync(path, { throwIfNoEntry: false });
    const isDirectory = header.type === 'directory';
    if (existing && existing.isDirectory() !== isDirectory) {
      const [kind, other] = isDirectory ? ['non-directory', 'directory'] : ['directory', 'non-directory'];
      throw new Error(`cannot overwrite ${kind} "${path}" with ${other} "${this.#opts.directory}"`);
    }
    if (existing && !isDirectory) rmSync(path);
    this.#make(header, path, existing !== undefined);
  }

  write(chunk: Buffer): void {
    if (!this.#file) return;
    for (let at = 0; at < chunk.length; ) at += writeSync(this.#file.fd, chunk, at);
    this.#opts.onContent?.(chunk.length);
  }

  /** Gives the file that is open, if one is, its mode and time; harmless twice. */
  closeFile(): void {
    if (!this.#file) return;
    const { fd, mode, seconds } = this.#file;
    this.#file = undefined;
    try {
      fchmodSync(fd, mode);
      futimesSync(fd, seconds, seconds);
    } finally {
      closeSync(fd);
    }
  }

  /** Directories' times last: what is put into them changes them. */
  finish(): void {
    for (const { path, seconds } of this.#times.reverse()) utimesSync(path, seconds, seconds);
  }

  #make(header: Header, path: string, exists: boolean): void {
    const mode = (header.mode ?? 0o644) & 0o7777;
    const seconds = secondsOf(header);
    switch (header.type) {
      case 'directory':
        if (!exists) mkdirSync(path);
        chmodSync(path, mode);
        this.#times.push({ path, seconds });
        break;
      case 'file':
      case 'contiguous-file':
        this.#file = { fd: openSync(path, 'wx', 0o600), mode, seconds };
        break;
      case 'symlink':
        symlinkSync(header.linkname ?? '', path);
        lutimesSync(path, seconds, seconds);
        break;
      case 'link': {
        const target = safeName(renamed(header.linkname ?? '', this.#opts.rename));
        this.#makeParents(target);
        linkSync(join(this.#opts.directory, target), path);
        break;
      }
      default:
        // Devices and pipes of a container are nothing for a user's directory; docker needs root for them, too.
        throw new Error(`${path}: cannot create a ${header.type ?? 'file of an unknown type'} here`);
    }
  }

  /** Every directory on the way is a real one. @throws Error for a link */
  #makeParents(name: string): void {
    const parts = name.split('/').slice(0, -1);
    for (let i = 1; i <= parts.length; i++) {
      const path = join(this.#opts.directory, ...parts.slice(0, i));
      if (this.#real.has(path)) continue;
      const st = lstatSync(path, { throwIfNoEntry: false });
      if (!st) mkdirSync(path);
      else if (!st.isDirectory()) throw new Error(`${path}: not a directory`);
      this.#real.add(path);
    }
  }
}

/** @throws Error for a name that climbs */
function safeName(name: string): string {
  const normal = posix.normalize(name.replace(/^\/+/, ''));
  if (normal === '..' || normal.startsWith('../'))
    throw new Error(`invalid archive: ${JSON.stringify(name)} is outside of it`);
  return normal === '.' ? '' : normal.replace(/\/$/, '');
}

function secondsOf(header: Header): number {
  const exact = Number(header.pax?.['mtime']);
  return Number.isFinite(exact) && header.pax?.['mtime'] ? exact : (header.mtime?.getTime() ?? 0) / 1000;
}
