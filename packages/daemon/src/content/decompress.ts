/**
 * Finds out by its first bytes how a stream is compressed and undoes it. gzip may have several members; zstd several
 * frames; bzip2 and xz are undone by the programs of these names.
 */
import { type Duplex, PassThrough, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { DockerError } from '@tsdocker/shared/errors.ts';
import { programStream } from './program-stream.ts';

export type Compression = 'none' | 'gzip' | 'zstd' | 'bzip2' | 'xz';

/** zlib's default of 16 KiB costs a third of the speed. */
const CHUNK_BYTES = 1 << 20;
/** So many tell what a stream is. */
export const MAGIC_BYTES = 6;

/** How far a stream may grow: no real layer comes near, and what does would fill the disk. */
export interface InflationLimit {
  /** So much is always taken. */
  freeBytes: number;
  /** Beyond that, times the compressed bytes. gzip reaches 1032. */
  ratio: number;
}

const DEFAULT_LIMIT: InflationLimit = { freeBytes: 16 * 2 ** 30, ratio: 1100 };

export function compressionOf(start: Buffer): Compression {
  if (startsWith(start, 0x1f, 0x8b)) return 'gzip';
  if (startsWith(start, 0x28, 0xb5, 0x2f, 0xfd)) return 'zstd';
  // A zstd stream may begin with a skippable frame.
  if (start.length >= 4 && (start.readUInt32LE(0) & 0xfffffff0) >>> 0 === 0x184d2a50) return 'zstd';
  if (startsWith(start, 0x42, 0x5a, 0x68)) return 'bzip2';
  return startsWith(start, 0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00) ? 'xz' : 'none';
}

/** Whether a layer's blob may be kept like this: manifests have no word for the others. */
export const isLayerCompression = (compression: Compression): compression is 'none' | 'gzip' | 'zstd' =>
  compression !== 'bzip2' && compression !== 'xz';

const startsWith = (start: Buffer, ...bytes: number[]): boolean => bytes.every((b, i) => start[i] === b);

/** Counts a stream on both sides of its decompressor. */
export class InflationGuard {
  readonly #limit: InflationLimit;
  #taken = 0;
  #given = 0;

  constructor(limit: InflationLimit = DEFAULT_LIMIT) {
    this.#limit = limit;
  }

  took(compressed: Buffer): void {
    this.#taken += compressed.length;
  }

  /** @throws InvalidParameter when more came out than the limit lets through */
  gave(plain: Buffer): void {
    this.#given += plain.length;
    if (this.#given <= this.#limit.freeBytes || this.#given <= this.#taken * this.#limit.ratio) return;
    throw new DockerError(
      'InvalidParameter',
      `decompression bomb: ${this.#taken} compressed bytes have become ${this.#given} and go on`,
    );
  }
}

/** A stream that undoes `compression`. */
export function decompressor(compression: Compression): Duplex {
  switch (compression) {
    case 'none':
      return new PassThrough({ highWaterMark: CHUNK_BYTES });
    case 'gzip':
      return createGunzip({ chunkSize: CHUNK_BYTES });
    case 'zstd':
      return createZstdDecompress({ chunkSize: CHUNK_BYTES });
    case 'bzip2':
      return programStream('bzip2', ['-dc']);
    case 'xz':
      // A hostile header can ask for any amount of memory.
      return programStream('xz', ['-dcq', '--memlimit-decompress=1GiB']);
  }
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

/**
 * The bytes without their compression.
 * @throws what the source or inflating failed with; InvalidParameter for a decompression bomb
 */
export async function* plainStream(source: AsyncIterable<Buffer>, limit?: InflationLimit): AsyncGenerator<Buffer> {
  const { compression, stream } = await peek(source);
  if (compression === 'none') yield* stream;
  else yield* inflated(stream, compression, limit);
}

/** The stream as a layer's blob is kept: as it is, if manifests have a word for its compression, else without. */
export async function* layerStream(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const { compression, stream } = await peek(source);
  if (isLayerCompression(compression)) yield* stream;
  else yield* inflated(stream, compression);
}

async function* inflated(
  stream: AsyncIterable<Buffer>,
  compression: Compression,
  limit?: InflationLimit,
): AsyncGenerator<Buffer> {
  const guard = new InflationGuard(limit);
  async function* counted(): AsyncGenerator<Buffer> {
    for await (const chunk of stream) {
      guard.took(chunk);
      yield chunk;
    }
  }
  const inflating = decompressor(compression);
  const feeding = pipeline(Readable.from(counted(), { objectMode: false }), inflating);
  // Told by the loop, or by the wait behind it.
  feeding.catch(() => {});
  try {
    for await (const chunk of inflating as AsyncIterable<Buffer>) {
      guard.gave(chunk);
      yield chunk;
    }
    await feeding;
  } finally {
    inflating.destroy();
  }
}
