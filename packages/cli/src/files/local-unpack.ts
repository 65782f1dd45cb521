/**
 * Unpacks a container's archive below a directory of this machine. The archive is hostile: no name leads out of the
 * directory, nothing is written through a link, and owners stay the user's own.
 */
import { createWriteStream } from 'node:fs';
import { chmod, link, lstat, lutimes, mkdir, rm, symlink, utimes } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { Readable } from 'node:stream';
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
  onContent?(bytes: number): void;
}

/** @throws Error `cannot overwrite directory "x" with non-directory "y"` and what the file system refuses */
export async function unpackLocal(archive: Readable, opts: UnpackOptions): Promise<void> {
  const unpacking = new Unpacking(opts);
  const reader = extract();
  const reading = pipeline(archive, reader);
  // Awaited below; until then a failure also ends the loop.
  reading.catch(() => {});
  for await (const entry of reader) await unpacking.add(entry.header as Header, Readable.from(entry));
  await reading;
  await unpacking.finish();
}

class Unpacking {
  readonly #opts: UnpackOptions;
  /** Directories known to be no links. */
  readonly #real = new Set<string>();
  readonly #times: { path: string; seconds: number }[] = [];

  constructor(opts: UnpackOptions) {
    this.#opts = opts;
  }

  async add(header: Header, content: Readable): Promise<void> {
    const name = safeName(renamed(header.name.replace(/\/+$/, ''), this.#opts.rename));
    if (name === '') return void content.resume();
    const path = join(this.#opts.directory, name);
    await this.#makeParents(name);
    const existing = await lstat(path).catch(() => undefined);
    const isDirectory = header.type === 'directory';
    if (existing && existing.isDirectory() !== isDirectory) {
      const [kind, other] = isDirectory ? ['non-directory', 'directory'] : ['directory', 'non-directory'];
      throw new Error(`cannot overwrite ${kind} "${path}" with ${other} "${this.#opts.directory}"`);
    }
    if (existing && !isDirectory) await rm(path);
    await this.#make(header, path, content, existing !== undefined);
  }

  /** Directories' times last: what is put into them changes them. */
  async finish(): Promise<void> {
    for (const { path, seconds } of this.#times.reverse()) await utimes(path, seconds, seconds);
  }

  async #make(header: Header, path: string, content: Readable, exists: boolean): Promise<void> {
    const mode = (header.mode ?? 0o644) & 0o7777;
    const seconds = secondsOf(header);
    switch (header.type) {
      case 'directory':
        if (!exists) await mkdir(path);
        await chmod(path, mode);
        this.#times.push({ path, seconds });
        break;
      case 'file':
      case 'contiguous-file':
        content.on('data', (chunk: Buffer) => this.#opts.onContent?.(chunk.length));
        await pipeline(content, createWriteStream(path, { flags: 'wx', mode: 0o600 }));
        await chmod(path, mode);
        await utimes(path, seconds, seconds);
        return;
      case 'symlink':
        await symlink(header.linkname ?? '', path);
        await lutimes(path, seconds, seconds);
        break;
      case 'link': {
        const target = safeName(renamed(header.linkname ?? '', this.#opts.rename));
        await this.#makeParents(target);
        await link(join(this.#opts.directory, target), path);
        break;
      }
      default:
        // Devices and pipes of a container are nothing for a user's directory; docker needs root for them, too.
        throw new Error(`${path}: cannot create a ${header.type ?? 'file of an unknown type'} here`);
    }
    content.resume();
  }

  /** Every directory on the way is a real one. @throws Error for a link */
  async #makeParents(name: string): Promise<void> {
    const parts = name.split('/').slice(0, -1);
    for (let i = 1; i <= parts.length; i++) {
      const path = join(this.#opts.directory, ...parts.slice(0, i));
      if (this.#real.has(path)) continue;
      const st = await lstat(path).catch(() => undefined);
      if (!st) await mkdir(path);
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
