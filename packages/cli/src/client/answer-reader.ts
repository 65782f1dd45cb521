/** One HTTP/1.1 answer out of bytes as they arrive. Pure. @see RFC 9112, sections 4 to 7 */

export interface AnswerHead {
  status: number;
  statusText: string;
  /** Lower-case names; repeated ones are joined by `, `. */
  headers: Record<string, string>;
}

const END_OF_HEAD = '\r\n\r\n';
/** No engine's head is longer. */
const MAX_HEAD_BYTES = 256 << 10;
const MAX_LINE_BYTES = 16 << 10;

type Framing = { kind: 'length'; left: number } | { kind: 'chunked'; left: number } | { kind: 'close' };

export class AnswerReader {
  /** A byte of it has come. */
  hasBegun = false;
  head: AnswerHead | undefined;
  /** The whole answer is here. */
  isComplete = false;
  /** Once complete: another request may follow on the connection. */
  keepsConnection = false;
  readonly #bodyless: boolean;
  readonly #body: Buffer[] = [];
  #rest: Buffer = Buffer.alloc(0);
  #framing: Framing = { kind: 'close' };
  #inTrailer = false;

  /** @param method of the request: HEAD is answered without a body */
  constructor(method: string) {
    this.#bodyless = method === 'HEAD';
  }

  /** @throws Error when it is no HTTP/1.1 answer */
  push(chunk: Buffer): void {
    this.hasBegun = true;
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (!this.head && this.#readHead());
    if (!this.head || this.isComplete) return;
    if (this.#framing.kind === 'chunked') this.#readChunks();
    else this.#readPlain();
  }

  /** The connection has ended. @throws Error when the answer had not */
  end(): void {
    if (this.isComplete) return;
    if (!this.head || this.#framing.kind !== 'close') throw new Error('unexpected EOF');
    this.isComplete = true;
  }

  /** What of the body has come. */
  body(): Buffer {
    return Buffer.concat(this.#body);
  }

  /** True: read one, and if it was an informational one (1xx) the answer's own is still to come. */
  #readHead(): boolean {
    const end = this.#rest.indexOf(END_OF_HEAD);
    if (end < 0) {
      if (this.#rest.length > MAX_HEAD_BYTES) throw new Error('malformed HTTP response: the head does not end');
      return false;
    }
    const head = parseHead(this.#rest.toString('latin1', 0, end));
    this.#rest = this.#rest.subarray(end + END_OF_HEAD.length);
    if (head.status < 200) return true;
    this.head = head;
    this.#framing = this.#framingOf(head);
    this.keepsConnection = this.#framing.kind !== 'close' && head.headers['connection']?.toLowerCase() !== 'close';
    return false;
  }

  #framingOf({ status, headers }: AnswerHead): Framing {
    if (this.#bodyless || status === 204 || status === 304) return { kind: 'length', left: 0 };
    if (headers['transfer-encoding']?.toLowerCase().endsWith('chunked')) return { kind: 'chunked', left: 0 };
    const length = headers['content-length'];
    if (length === undefined) return { kind: 'close' };
    if (!/^\d{1,15}$/.test(length))
      throw new Error(`malformed HTTP response: content length ${JSON.stringify(length)}`);
    return { kind: 'length', left: Number(length) };
  }

  #readPlain(): void {
    if (this.#framing.kind !== 'length') {
      this.#take(this.#rest.length);
      return;
    }
    this.#framing.left -= this.#take(Math.min(this.#framing.left, this.#rest.length));
    this.isComplete = this.#framing.left === 0;
  }

  #readChunks(): void {
    const framing = this.#framing as Framing & { kind: 'chunked' };
    for (;;) {
      framing.left -= this.#take(Math.min(framing.left, this.#rest.length));
      if (framing.left > 0) return;
      const line = this.#line();
      if (line === undefined) return;
      if (this.#inTrailer) {
        this.isComplete = line === '';
        if (this.isComplete) return;
        continue;
      }
      // The line end behind a chunk's data.
      if (line === '') continue;
      const size = /^([\da-f]{1,12})\s*(;|$)/i.exec(line)?.[1];
      if (size === undefined) throw new Error(`malformed HTTP response: chunk size ${JSON.stringify(line)}`);
      framing.left = Number.parseInt(size, 16);
      this.#inTrailer = framing.left === 0;
    }
  }

  #line(): string | undefined {
    const end = this.#rest.indexOf('\r\n');
    if (end > MAX_LINE_BYTES || (end < 0 && this.#rest.length > MAX_LINE_BYTES)) {
      throw new Error('malformed HTTP response: the line does not end');
    }
    if (end < 0) return undefined;
    const line = this.#rest.toString('latin1', 0, end);
    this.#rest = this.#rest.subarray(end + 2);
    return line;
  }

  /** @returns how many bytes went into the body */
  #take(count: number): number {
    if (count > 0) this.#body.push(this.#rest.subarray(0, count));
    this.#rest = this.#rest.subarray(count);
    return count;
  }
}

function parseHead(text: string): AnswerHead {
  const [first = '', ...lines] = text.split('\r\n');
  const [, status, statusText = ''] = /^HTTP\/1\.[01] (\d{3})(?: (.*))?$/.exec(first) ?? [];
  if (status === undefined) throw new Error(`malformed HTTP response ${JSON.stringify(first.slice(0, 100))}`);
  const headers: Record<string, string> = Object.create(null);
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon <= 0) throw new Error(`malformed HTTP response: header ${JSON.stringify(line.slice(0, 100))}`);
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
  }
  return { status: Number(status), statusText, headers };
}
