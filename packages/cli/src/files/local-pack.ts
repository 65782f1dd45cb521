/** Packs files of this machine into a tar, as they are read: nothing is held but one chunk. */
import { type BigIntStats, createReadStream } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { TAR_END, type TarEntry, type TarType, tarHeader, tarPadding } from '@tsdocker/shared/tar-header.ts';

export interface LocalPackOptions {
  /** File or directory; a link is packed as a link. */
  path: string;
  /** Its name in the archive. */
  name: string;
  /** Told of content bytes. */
  onContent?(bytes: number): void;
}

/** Small files are read whole; many of them are what copies are slow of. */
const CHUNK_BYTES = 1 << 20;

/** Names come in the order of their bytes; sockets are left out. */
export async function* packLocal(opts: LocalPackOptions): AsyncGenerator<Buffer> {
  const links = new Map<string, string>();
  yield* packEntry(opts, opts.path, opts.name, links);
  yield TAR_END;
}

async function* packEntry(
  opts: LocalPackOptions,
  path: string,
  name: string,
  links: Map<string, string>,
): AsyncGenerator<Buffer> {
  const st = await lstat(path, { bigint: true });
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
    const known = links.get(key);
    if (known !== undefined) {
      yield tarHeader({ ...base, type: 'link', size: 0, linkname: known });
      return;
    }
    links.set(key, name);
  }
  if (type === 'file') {
    yield* packFile(opts, path, { ...base, type, size: Number(st.size) });
    return;
  }
  const device = type === 'character' || type === 'block' ? deviceNumber(st.rdev) : {};
  yield tarHeader({
    ...base,
    ...device,
    type,
    size: 0,
    ...(type === 'symlink' && { linkname: await readlink(path) }),
  });
  if (type !== 'directory') return;
  for (const child of (await readdir(path)).sort())
    yield* packEntry(opts, join(path, child), `${name}/${child}`, links);
}

/** A file that grew meanwhile is cut at its size, one that shrank is an error: its header is sent already. */
async function* packFile(opts: LocalPackOptions, path: string, entry: TarEntry): AsyncGenerator<Buffer> {
  yield tarHeader(entry);
  if (entry.size === 0) return;
  let done = 0;
  for await (const chunk of createReadStream(path, { end: entry.size - 1, highWaterMark: CHUNK_BYTES })) {
    done += (chunk as Buffer).length;
    opts.onContent?.((chunk as Buffer).length);
    yield chunk as Buffer;
  }
  if (done < entry.size) throw new Error(`${path}: file changed as we read it`);
  yield tarPadding(entry.size);
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
