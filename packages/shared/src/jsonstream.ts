/** Streams of JSON objects: progress (`/images/create`, load, build), events, stats. */

/** One object as the daemon sends it: a line of its own, ended as Docker does. */
export function jsonLine(value: unknown): string {
  return `${JSON.stringify(value)}\r\n`;
}

/** A single object longer than this is refused instead of being collected. */
const MAX_OBJECT_CHARS = 16 * 1024 * 1024;

/**
 * Cuts a byte stream into JSON objects, however the chunks fall and with or without newlines between them
 * (Docker's older endpoints send none).
 */
export class JsonStreamDecoder<T = unknown> {
  readonly #decoder = new TextDecoder();
  #text = '';
  /** Where the scan goes on in #text. */
  #at = 0;
  #start = -1;
  #depth = 0;
  #inString = false;
  #escaped = false;
  readonly #parse: (text: string) => unknown;

  /** @param parse for values that JSON.parse would round (nanoseconds) */
  constructor(parse: (text: string) => unknown = JSON.parse) {
    this.#parse = parse;
  }

  /** The objects this chunk completes. @throws SyntaxError for what is not JSON */
  push(chunk: Uint8Array): T[] {
    this.#text += this.#decoder.decode(chunk, { stream: true });
    return this.#scan();
  }

  /** At the end of the stream. @throws SyntaxError `unexpected EOF` when an object is open */
  end(): void {
    this.#text += this.#decoder.decode();
    if (this.#depth > 0 || this.#text.trim() !== '') throw new SyntaxError('unexpected EOF');
  }

  #scan(): T[] {
    const values: T[] = [];
    for (; this.#at < this.#text.length; this.#at++) {
      if (this.#step(this.#text.charCodeAt(this.#at))) {
        values.push(this.#parse(this.#text.slice(this.#start, this.#at + 1)) as T);
        this.#start = -1;
      }
    }
    this.#text = this.#start < 0 ? '' : this.#text.slice(this.#start);
    this.#at = this.#text.length;
    if (this.#start > 0) this.#start = 0;
    if (this.#text.length > MAX_OBJECT_CHARS) throw new SyntaxError('JSON object too long');
    return values;
  }

  /** @returns true when `char` ends an object */
  #step(char: number): boolean {
    if (this.#inString) {
      if (this.#escaped) this.#escaped = false;
      else if (char === 0x5c) this.#escaped = true;
      else if (char === 0x22) this.#inString = false;
      return false;
    }
    if (char === 0x7b || char === 0x5b) {
      if (this.#depth++ === 0) this.#start = this.#at;
    } else if (char === 0x7d || char === 0x5d) {
      if (--this.#depth < 0) throw new SyntaxError('unbalanced JSON');
      return this.#depth === 0;
    } else if (this.#depth === 0) {
      if (char > 0x20) throw new SyntaxError(`unexpected ${JSON.stringify(String.fromCharCode(char))} between objects`);
    } else if (char === 0x22) {
      this.#inString = true;
    }
    return false;
  }
}
