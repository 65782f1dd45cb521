/**
 * Rotated log files in gzip, as docker's: the header's extra field holds a JSON object. Docker's own reader looks for
 * `lastTime` in it; `file` is the identity of the file before, by which positions in a log go on.
 */
import { type FileHandle, open, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { crc32, createDeflateRaw, createGunzip } from 'node:zlib';

const FIXED_HEADER_BYTES = 10;
const FLAG_EXTRA = 4;
const MAX_EXTRA_BYTES = 4096;

/** Writes what `source` holds; the copy carries the times of the source. */
export async function compressFile(source: FileHandle, target: FileHandle, signal?: AbortSignal): Promise<void> {
  const stats = await source.stat({ bigint: true });
  const { mtimeMs, atimeMs } = stats;
  const lastTime = new Date(Number(mtimeMs)).toISOString();
  const extra = Buffer.from(JSON.stringify({ lastTime, file: identityOf(stats) }));
  const head = Buffer.alloc(FIXED_HEADER_BYTES + 2);
  head.set([0x1f, 0x8b, 8, FLAG_EXTRA]);
  head.writeUInt32LE(Number(mtimeMs / 1000n) >>> 0, 4);
  head[9] = 0xff; // no operating system is named
  head.writeUInt16LE(extra.length, FIXED_HEADER_BYTES);
  await target.writeFile(Buffer.concat([head, extra]));
  let checksum = 0;
  let length = 0;
  await pipeline(
    source.createReadStream({ start: 0, autoClose: false }),
    async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        checksum = crc32(chunk, checksum);
        length += chunk.length;
        yield chunk;
      }
    },
    createDeflateRaw(),
    appendTo(target),
    { signal },
  );
  const tail = Buffer.alloc(8);
  tail.writeUInt32LE(checksum, 0);
  tail.writeUInt32LE(length >>> 0, 4); // modulo 2^32, as gzip has it
  await target.appendFile(tail);
  await target.utimes(Number(atimeMs) / 1000, Number(mtimeMs) / 1000);
  // The original goes when this one stands in its place: it has to be on the disk before.
  await target.sync();
}

/** A write stream would keep the handle from being closed. */
function appendTo(file: FileHandle) {
  return async (chunks: AsyncIterable<Buffer>): Promise<void> => {
    for await (const chunk of chunks) await file.appendFile(chunk);
  };
}

/** The number of a file that is gone is soon given to another one; the time of its birth is not. */
export function identityOf({ ino, birthtimeNs }: { ino: bigint; birthtimeNs: bigint }): string {
  return `${ino}-${birthtimeNs}`;
}

/** Identity of the file that was compressed; undefined for those that other programs compressed. */
export async function originOf(file: FileHandle): Promise<string | undefined> {
  const block = Buffer.alloc(FIXED_HEADER_BYTES + 2 + MAX_EXTRA_BYTES);
  const { bytesRead } = await file.read(block, 0, block.length, 0);
  if (bytesRead < FIXED_HEADER_BYTES + 2 || ((block[3] ?? 0) & FLAG_EXTRA) === 0) return undefined;
  const start = FIXED_HEADER_BYTES + 2;
  const extra = block.toString('utf8', start, start + block.readUInt16LE(FIXED_HEADER_BYTES));
  return /"file":"([\d-]{1,60})"/.exec(extra)?.[1];
}

/** Suffix of what is only there while it is made; the compressor removes what a crash has left. */
export const TEMPORARY = '.tmp';

/**
 * The contents as a file without a name: a log is read from its end, and gzip is not.
 * @param path of the compressed file; the contents need room beside it
 */
export async function decompressFile(file: FileHandle, path: string): Promise<FileHandle> {
  const name = `${path}.${process.pid}-${nextNumber++}${TEMPORARY}`;
  const contents = await open(name, 'wx+', 0o600);
  try {
    // The compressor may have been faster.
    await rm(name, { force: true });
    await pipeline(file.createReadStream({ start: 0, autoClose: false }), createGunzip(), appendTo(contents));
    return contents;
  } catch (err) {
    await contents.close();
    throw err;
  }
}

let nextNumber = 0;
