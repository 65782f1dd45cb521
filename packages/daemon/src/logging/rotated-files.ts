/** The files of one log: the current one, and `.1` (newest) to `.n` that rotation left, compressed ones as `.1.gz`. */
import { type FileHandle, open } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { namesIn } from '../store/names-in.ts';
import { decompressFile, identityOf, originOf } from './compressed-file.ts';

/** What is read of a file. */
export interface LogContent {
  handle: FileHandle;
  sizeBytes: number;
}

/** An open file: rotation and compression do not take it from its reader. */
export class LogFile {
  /** Of the file as it was written, also when it has been compressed since. */
  readonly identity: string;
  /** Unix time in nanoseconds of the last write. */
  readonly modifiedAt: bigint;
  readonly #path: string;
  readonly #handle: FileHandle;
  #content: Promise<LogContent> | undefined;

  private constructor(path: string, handle: FileHandle, stats: { identity: string; modifiedAt: bigint }) {
    this.#path = path;
    this.#handle = handle;
    this.identity = stats.identity;
    this.modifiedAt = stats.modifiedAt;
  }

  /** @returns undefined when there is none */
  static async open(path: string): Promise<LogFile | undefined> {
    const handle = await open(path, 'r').catch((err: NodeJS.ErrnoException) => {
      if (err.code === 'ENOENT') return undefined;
      throw err;
    });
    if (!handle) return undefined;
    try {
      const stats = await handle.stat({ bigint: true });
      const origin = path.endsWith(GZIP) ? await originOf(handle) : undefined;
      return new LogFile(path, handle, { identity: origin ?? identityOf(stats), modifiedAt: stats.mtimeNs });
    } catch (err) {
      await handle.close();
      throw err;
    }
  }

  /** Decompressed when it is first asked for. */
  content(): Promise<LogContent> {
    this.#content ??= this.#open();
    return this.#content;
  }

  async close(): Promise<void> {
    const content = await this.#content?.catch(() => undefined);
    if (content && content.handle !== this.#handle) await content.handle.close();
    await this.#handle.close();
  }

  async #open(): Promise<LogContent> {
    const handle = this.#path.endsWith(GZIP) ? await decompressFile(this.#handle, this.#path) : this.#handle;
    return { handle, sizeBytes: (await handle.stat()).size };
  }
}

export const GZIP = '.gz';
/** A log that is rotated faster than its files are listed is taken as the last listing has it. */
const MAX_LISTINGS = 10;

/** Rotated files, newest first. Of a file that is there twice, as compression was cut short, the original. */
export async function rotatedNames(path: string): Promise<{ name: string; compressed: boolean }[]> {
  const base = `${basename(path)}.`;
  const names = await namesIn(dirname(path));
  const rotated = names
    .flatMap((name) => {
      const [, number, gzip] = (name.startsWith(base) && /^([1-9]\d*)(\.gz)?$/.exec(name.slice(base.length))) || [];
      return number === undefined ? [] : [{ name, number: Number(number), compressed: gzip !== undefined }];
    })
    .toSorted((a, b) => a.number - b.number || Number(a.compressed) - Number(b.compressed));
  return rotated.filter(({ number }, i) => number !== rotated[i - 1]?.number);
}

/**
 * Opens the current file and the rotated ones, newest first. A rotation in between shows the same file twice or none at
 * all under a name, and then all are listed again, so there is never a gap.
 * @param until stops before the file with this identity, whose end the caller has read
 */
export async function openLogFiles(path: string, opts: { until?: string } = {}): Promise<LogFile[]> {
  for (let listing = 1; ; listing++) {
    const current = await LogFile.open(path);
    if (current && current.identity === opts.until) {
      await current.close();
      return [];
    }
    const names = await rotatedNames(path);
    const { files, moved } = await openAll(current, path, names, opts.until);
    const after = listing < MAX_LISTINGS ? await rotatedNames(path) : names;
    const same = !moved && after.map(({ name }) => name).join() === names.map(({ name }) => name).join();
    if (same || listing === MAX_LISTINGS) return files;
    await Promise.all(files.map((file) => file.close()));
  }
}

async function openAll(
  current: LogFile | undefined,
  path: string,
  names: readonly { name: string }[],
  until: string | undefined,
): Promise<{ files: LogFile[]; moved: boolean }> {
  const files = current ? [current] : [];
  let moved = false;
  for (const { name } of names) {
    const file = await LogFile.open(join(dirname(path), name));
    if (!file) {
      moved = true;
      continue;
    }
    if (file.identity === until) {
      await file.close();
      break;
    }
    const known = files.findIndex((f) => f.identity === file.identity);
    if (known >= 0) {
      // It stands where it is now, as the files in between are newer.
      moved = true;
      await Promise.all(files.splice(known, 1).map((f) => f.close()));
    }
    files.push(file);
  }
  return { files, moved };
}

const BLOCK_BYTES = 64 * 1024;
const NEWLINE = 10;

/**
 * Offset of the first of the last `lines` complete lines of a file, read backwards in blocks.
 * @returns the offset, and how many lines it found (fewer when the file has fewer)
 */
export async function tailOffset(
  { handle, sizeBytes }: LogContent,
  lines: number,
): Promise<{ offset: number; found: number }> {
  const block = Buffer.alloc(BLOCK_BYTES);
  let found = -1; // the newline that ends the last line is not one before a line
  let end = sizeBytes;
  if (lines === 0) return { offset: end, found: 0 };
  while (end > 0) {
    const start = Math.max(0, end - BLOCK_BYTES);
    const { bytesRead } = await handle.read(block, 0, end - start, start);
    for (let i = bytesRead - 1; i >= 0; i--) {
      if (block[i] !== NEWLINE) continue;
      if (++found === lines) return { offset: start + i + 1, found };
    }
    end = start;
  }
  return { offset: 0, found: found + 1 };
}
