/**
 * Finds out by its first bytes how a stream is compressed and undoes it. gzip may have several members; zstd several
 * frames. bzip2 and xz, which no current tool writes for layers, are refused by name.
 */
import { PassThrough, Readable, type Transform } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { DockerError } from '@tsdocker/shared/errors.ts';

export type Compression = 'none' | 'gzip' | 'zstd';

/** zlib's default of 16 KiB costs a third of the speed. */
const CHUNK_BYTES = 1 << 20;
/** So many tell what a stream is. */
export const MAGIC_BYTES = 6;

/** @throws InvalidParameter for bzip2 and xz */
export function compressionOf(start: Buffer): Compression {
  if (startsWith(start, 0x1f, 0x8b)) return 'gzip';
  if (startsWith(start, 0x28, 0xb5, 0x2f, 0xfd)) return 'zstd';
  // A zstd stream may begin with a skippable frame.
  if (start.length >= 4 && (start.readUInt32LE(0) & 0xfffffff0) >>> 0 === 0x184d2a50) return 'zstd';
  const other = unsupportedCompression(start);
  if (other) throw new DockerError('InvalidParameter', `unsupported compression: ${other}`);
  return 'none';
}

/** One that is known by its first bytes and cannot be undone here. */
export function unsupportedCompression(start: Buffer): 'bzip2' | 'xz' | undefined {
  if (startsWith(start, 0x42, 0x5a, 0x68)) return 'bzip2';
  return startsWith(start, 0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00) ? 'xz' : undefined;
}

const startsWith = (start: Buffer, ...bytes: number[]): boolean => bytes.every((b, i) => start[i] === b);

/** A transform that undoes `compression`. */
export function decompressor(compression: Compression): Transform {
  if (compression === 'gzip') return createGunzip({ chunkSize: CHUNK_BYTES });
  if (compression === 'zstd') return createZstdDecompress({ chunkSize: CHUNK_BYTES });
  return new PassThrough({ highWaterMark: CHUNK_BYTES });
}

/** Looks at the first bytes of a stream without losing them. */
export async function peek(
  source: AsyncIterable<Buffer>,
): Promise<{ compression: Compression; stream: AsyncIterable<Buffer> }> {
  const iterator = source[Symbol.asyncIterator]();
  const first: Buffer[] = [];
  let length = 0;
  while (length < MAGIC_BYTES) {
    const next = await iterator.next();
    if (next.done) break;
    first.push(next.value);
    length += next.value.length;
  }
  const start = Buffer.concat(first);
  async function* whole(): AsyncGenerator<Buffer> {
    try {
      if (start.length > 0) yield start;
      for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
    } finally {
      await iterator.return?.();
    }
  }
  return { compression: compressionOf(start), stream: whole() };
}

/** The bytes without their compression. @throws what the source or inflating failed with */
export async function* plainStream(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const { compression, stream } = await peek(source);
  if (compression === 'none') yield* stream;
  else yield* Readable.from(stream, { objectMode: false }).compose(decompressor(compression)) as AsyncIterable<Buffer>;
}
