/**
 * Records of docker's `local` format: a protobuf LogEntry (source = 1, time_nano = 2, line = 3, partial = 4,
 * partial_log_metadata = 5 { last = 1, id = 2, ordinal = 3 }) between two copies of its length, four bytes in big endian.
 */
import type { FileHandle } from 'node:fs/promises';
import type { LogRecord } from './log-record.ts';
import type { LogContent } from './rotated-files.ts';

const BLOCK_BYTES = 256 * 1024;
const LENGTH_BYTES = 4;
/** The writer cuts lines at 16 KiB: a longer record is no record. */
const MAX_RECORD_BYTES = 1 << 20;
const NEWLINE = Buffer.from('\n');
const NO_ATTRIBUTES: Record<string, string> = {};

export class LocalReader {
  readonly #handle: FileHandle;
  #offset: number;
  #broken = false;

  constructor(handle: FileHandle, offset: number) {
    this.#handle = handle;
    this.#offset = offset;
  }

  get offset(): number {
    return this.#offset;
  }

  /** Up to the present end of the file. What follows a record that was torn cannot be found and is left out. */
  async *records(): AsyncGenerator<LogRecord[]> {
    for await (const block of this.#blocks()) {
      const records = block.map(({ message }) => decodeEntry(message)).filter((record) => record !== undefined);
      if (records.length > 0) yield records;
    }
  }

  /** Offsets of all records. */
  async offsets(): Promise<number[]> {
    const offsets: number[] = [];
    for await (const block of this.#blocks()) for (const { offset } of block) offsets.push(offset);
    return offsets;
  }

  async *#blocks(): AsyncGenerator<{ offset: number; message: Buffer }[]> {
    let size = BLOCK_BYTES;
    while (!this.#broken) {
      const block = Buffer.allocUnsafe(size);
      const { bytesRead } = await this.#handle.read(block, 0, size, this.#offset);
      const { messages, used } = this.#split(block.subarray(0, bytesRead));
      this.#offset += used;
      if (messages.length > 0) yield messages;
      if (bytesRead < size) return;
      size = used === 0 ? MAX_RECORD_BYTES + 2 * LENGTH_BYTES : BLOCK_BYTES;
    }
  }

  #split(block: Buffer): { messages: { offset: number; message: Buffer }[]; used: number } {
    const messages = [];
    let at = 0;
    while (at + LENGTH_BYTES <= block.length) {
      const length = block.readUInt32BE(at);
      const end = at + LENGTH_BYTES + length;
      this.#broken = length > MAX_RECORD_BYTES;
      if (this.#broken || end + LENGTH_BYTES > block.length) break;
      this.#broken = block.readUInt32BE(end) !== length;
      if (this.#broken) break;
      messages.push({ offset: this.#offset + at, message: block.subarray(at + LENGTH_BYTES, end) });
      at = end + LENGTH_BYTES;
    }
    return { messages, used: at };
  }
}

/** Backwards by the lengths behind the records; where the end is torn, forwards. */
export async function localTailOffset(file: LogContent, count: number): Promise<{ offset: number; found: number }> {
  if (count === 0) return { offset: file.sizeBytes, found: 0 };
  let end = file.sizeBytes;
  let found = 0;
  let window = { start: end, bytes: Buffer.alloc(0) };
  const lengthAt = async (offset: number): Promise<number> => {
    if (offset < window.start) {
      const start = Math.max(0, offset + LENGTH_BYTES - BLOCK_BYTES);
      const bytes = Buffer.alloc(offset + LENGTH_BYTES - start);
      await file.handle.read(bytes, 0, bytes.length, start);
      window = { start, bytes };
    }
    return window.bytes.readUInt32BE(offset - window.start);
  };
  while (end > 0 && found < count) {
    const length = end >= 2 * LENGTH_BYTES ? await lengthAt(end - LENGTH_BYTES) : -1;
    const start = end - length - 2 * LENGTH_BYTES;
    if (length < 0 || start < 0 || (await lengthAt(start)) !== length) return tailFromStart(file, count);
    end = start;
    found++;
  }
  return { offset: end, found };
}

async function tailFromStart(file: LogContent, count: number): Promise<{ offset: number; found: number }> {
  const offsets = (await new LocalReader(file.handle, 0).offsets()).slice(-count);
  return { offset: offsets[0] ?? file.sizeBytes, found: offsets.length };
}

/** @returns undefined for bytes that are no LogEntry */
export function decodeEntry(message: Buffer): LogRecord | undefined {
  const entry = {
    source: '',
    time: 0n,
    line: Buffer.alloc(0) as Buffer,
    partial: false,
    metadata: Buffer.alloc(0) as Buffer,
  };
  try {
    for (const { field, value } of fieldsOf(message)) {
      if (field === 1 && Buffer.isBuffer(value)) entry.source = value.toString();
      else if (field === 2 && typeof value === 'bigint') entry.time = value;
      else if (field === 3 && Buffer.isBuffer(value)) entry.line = value;
      else if (field === 4) entry.partial = value === 1n;
      else if (field === 5 && Buffer.isBuffer(value)) entry.metadata = value;
    }
    const part = entry.partial ? decodePart(entry.metadata) : undefined;
    return {
      stream: entry.source === 'stderr' ? 2 : 1,
      text: !part || part.last ? Buffer.concat([entry.line, NEWLINE]) : entry.line,
      time: entry.time,
      attrs: NO_ATTRIBUTES,
      ...(part && { part }),
    };
  } catch (err) {
    if (err instanceof RangeError) return undefined;
    throw err;
  }
}

function decodePart(metadata: Buffer): NonNullable<LogRecord['part']> {
  const fields = new Map(fieldsOf(metadata).map(({ field, value }) => [field, value]));
  return { last: fields.get(1) === 1n, id: String(fields.get(2) ?? ''), ordinal: Number(fields.get(3) ?? 0) };
}

/** Fields of a protobuf message: varints as bigint, bytes as a Buffer. @throws RangeError for anything else */
function fieldsOf(message: Buffer): { field: number; value: bigint | Buffer }[] {
  const fields: { field: number; value: bigint | Buffer }[] = [];
  let at = 0;
  const varint = (): bigint => {
    // Most are short: bigints are for times alone.
    let low = 0;
    let shift = 0;
    let high = 0n;
    for (;;) {
      const byte = message.readUInt8(at++);
      if (shift < 28) low |= (byte & 0x7f) << shift;
      else high |= BigInt(byte & 0x7f) << BigInt(shift);
      if (byte < 0x80) return high | BigInt(low);
      shift += 7;
      if (shift > 63) throw new RangeError('varint too long');
    }
  };
  while (at < message.length) {
    const key = Number(varint());
    const type = key & 7;
    if (type === 0) fields.push({ field: key >> 3, value: varint() });
    else if (type === 2) {
      const length = Number(varint());
      if (at + length > message.length) throw new RangeError('field too long');
      fields.push({ field: key >> 3, value: message.subarray(at, at + length) });
      at += length;
    } else throw new RangeError(`wire type ${type}`);
  }
  return fields;
}
