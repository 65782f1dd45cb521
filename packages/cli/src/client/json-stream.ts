/** Concatenated JSON objects, as progress, stats and event streams carry them: split without buffering the stream. */
import type { Readable } from 'node:stream';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN = [0x7b, 0x5b];
const CLOSE = [0x7d, 0x5d];
/** One object may not be larger: what comes is a peer's. */
const MAX_OBJECT_BYTES = 64 << 20;

/** Yields each top-level object or array. Text between them (newlines, record separators) is skipped. */
export async function* jsonObjects<T>(stream: Readable): AsyncGenerator<T> {
  const splitter = new JsonSplitter();
  for await (const chunk of stream) for (const text of splitter.push(chunk as Buffer)) yield JSON.parse(text) as T;
  if (splitter.pending) throw new Error('unexpected EOF');
}

/** Push bytes, get whole objects. */
export class JsonSplitter {
  #kept: Buffer[] = [];
  #keptBytes = 0;
  #depth = 0;
  #inString = false;
  #escaped = false;

  /** True inside an object. */
  get pending(): boolean {
    return this.#depth > 0;
  }

  push(chunk: Buffer): string[] {
    const found: string[] = [];
    let start = 0;
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i]!;
      if (this.#inString) this.#stepString(byte);
      else if (byte === QUOTE) this.#inString = this.#depth > 0;
      else if (OPEN.includes(byte)) {
        if (this.#depth++ === 0) start = i;
      } else if (CLOSE.includes(byte) && this.#depth > 0 && --this.#depth === 0) {
        this.#keep(chunk.subarray(start, i + 1));
        found.push(this.#take());
      }
    }
    if (this.#depth > 0) this.#keep(chunk.subarray(start));
    return found;
  }

  #stepString(byte: number): void {
    if (this.#escaped) this.#escaped = false;
    else if (byte === BACKSLASH) this.#escaped = true;
    else if (byte === QUOTE) this.#inString = false;
  }

  #keep(part: Buffer): void {
    this.#keptBytes += part.length;
    if (this.#keptBytes > MAX_OBJECT_BYTES) throw new Error('JSON object in the stream is too large');
    this.#kept.push(part);
  }

  #take(): string {
    const text = Buffer.concat(this.#kept).toString('utf8');
    this.#kept = [];
    this.#keptBytes = 0;
    return text;
  }
}
