/**
 * Packs files of this machine into a tar, as they are read: nothing is held but one chunk. By synchronous calls: the trip
 * through the thread pool takes several times longer than what it does to a small file.
 */
import { type BigIntStats, closeSync, lstatSync, openSync, readdirSync, readlinkSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { TAR_END, type TarEntry, type TarType, tarHeader, tarPadding } from '@tsdocker/shared/tar-header.ts';

export interface LocalPackOptions {
  /** File or directory; a link is packed as a link. */
  path: string;
  /** Its name in the archive. */
  name: string;
  /** Told of content bytes. */
  onContent?(bytes: number): void;
  /** What is left out, by its path below `path`. */
  leaveOut?: { excludes(path: string): boolean; readonly hasExceptions: boolean };
}

/** Headers and small files are sent together. Pieces of twice the size cost the daemon a major collection for every ten of them. */
const CHUNK_BYTES = 1 << 17;

/** Names come in the order of their bytes; sockets are left out. */
export function* packLocal(opts: LocalPackOptions): Generator<Buffer> {
  const packing = new Packing(opts);
  yield* packing.entry(opts.path, opts.name);
  yield* packing.bytes(TAR_END);
  yield packing.rest();
}

class Packing {
  readonly #opts: LocalPackOptions;
  /** `dev:ino` to the name it came under. */
  readonly #links = new Map<string, string>();
  #chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  #used = 0;

  constructor(opts: LocalPackOptions) {
    this.#opts = opts;
  }

  /** @param below its path below the top */
  *entry(path: string, name: string, below = ''): Generator<Buffer> {
    const { leaveOut } = this.#opts;
    const isLeftOut = below !== '' && leaveOut?.excludes(below) === true;
    // Before anything of it is looked at, unless something in it may be wanted.
    if (isLeftOut && !leaveOut?.hasExceptions) return;
    const st = lstatSync(path, { bigint: true });
    if (isLeftOut) {
      if (st.isDirectory()) yield* this.#children(path, name, below);
      return;
    }
    const type = typeOf(st);
    if (!type) return;
    const base = {
      name,
      mode: Number(st.mode & 0o7777n),
      uid: Number(st.uid),
      gid: Number(st.gid),
      mtimeNanos: st.mtimeNs,
    };
    if (type !== 'directory' && st.nlink > 1n) {
      const key = `${st.dev}:${st.ino}`;
      const linkname = this.#links.get(key);
      if (linkname !== undefined) return yield* this.bytes(tarHeader({ ...base, type: 'link', size: 0, linkname }));
      this.#links.set(key, name);
    }
    if (type === 'file') return yield* this.#file(path, { ...base, type, size: Number(st.size) });
    const device = type === 'character' || type === 'block' ? deviceNumber(st.rdev) : {};
    const linkname = type === 'symlink' ? { linkname: readlinkSync(path) } : {};
    yield* this.bytes(tarHeader({ ...base, ...device, ...linkname, type, size: 0 }));
    if (type === 'directory') yield* this.#children(path, name, below);
  }

  *#children(path: string, name: string, below: string): Generator<Buffer> {
    for (const child of readdirSync(path).sort())
      yield* this.entry(join(path, child), `${name}/${child}`, below === '' ? child : `${below}/${child}`);
  }

  /** A file that grew meanwhile is cut at its size, one that shrank is an error: its header is sent already. */
  *#file(path: string, entry: TarEntry): Generator<Buffer> {
    const fd = openSync(path, 'r');
    try {
      yield* this.bytes(tarHeader(entry));
      for (let left = entry.size; left > 0; ) {
        const room = Math.min(left, CHUNK_BYTES - this.#used);
        const count = readSync(fd, this.#chunk, this.#used, room, null);
        if (count === 0) throw new Error(`${path}: file changed as we read it`);
        this.#used += count;
        left -= count;
        this.#opts.onContent?.(count);
        if (this.#used === CHUNK_BYTES) yield this.rest();
      }
      yield* this.bytes(tarPadding(entry.size));
    } finally {
      closeSync(fd);
    }
  }

  *bytes(data: Buffer): Generator<Buffer> {
    for (let at = 0; at < data.length; ) {
      const count = data.copy(this.#chunk, this.#used, at);
      this.#used += count;
      at += count;
      if (this.#used === CHUNK_BYTES) yield this.rest();
    }
  }

  /** What has gathered. The buffer is the taker's. */
  rest(): Buffer {
    const full = this.#chunk.subarray(0, this.#used);
    this.#chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    this.#used = 0;
    return full;
  }
}

function typeOf(st: BigIntStats): TarType | undefined {
  if (st.isFile()) return 'file';
  if (st.isDirectory()) return 'directory';
  if (st.isSymbolicLink()) return 'symlink';
  if (st.isCharacterDevice()) return 'character';
  if (st.isBlockDevice()) return 'block';
  return st.isFIFO() ? 'fifo' : undefined;
}

/** gnu_dev_major and gnu_dev_minor. */
function deviceNumber(rdev: bigint): { deviceMajor: number; deviceMinor: number } {
  return {
    deviceMajor: Number(((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & ~0xfffn)),
    deviceMinor: Number((rdev & 0xffn) | ((rdev >> 12n) & ~0xffn)),
  };
}
