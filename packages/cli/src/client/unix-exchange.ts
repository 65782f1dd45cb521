/**
 * Requests with a whole answer over a unix socket, by the addon. node:http, node:net and node:stream take longer to load
 * than such a command takes altogether; streams and hijacks, where that does not matter, go through them.
 */
import { closeSync, readSync, writeSync, writevSync } from 'node:fs';
import { nativeBinding } from '../native.ts';
import { type AnswerHead, AnswerReader } from './answer-reader.ts';

/** Longer ones might not fit into the socket's buffer, and are not worth the haste. */
export const MAX_BODY_BYTES = 64 << 10;
const READ_BYTES = 64 << 10;

export interface UnixAnswer extends AnswerHead {
  /** The rest of it. */
  body(): Promise<Buffer>;
}

export class UnixExchange {
  readonly #path: string;
  #idle: number | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** Resolves with the answer's head. @throws Error with the code of connect(2), read(2) or write(2) */
  async send(method: string, path: string, headers: Record<string, string>, body?: Buffer): Promise<UnixAnswer> {
    const request = encodeRequest(method, path, headers, body);
    const kept = this.#idle;
    if (kept === undefined) return this.#exchange(this.#connect(), method, request);
    this.#idle = undefined;
    try {
      return await this.#exchange(kept, method, request);
    } catch (err) {
      // The daemon may have closed an idle connection just then: without a byte of an answer nothing was done.
      if (!(err instanceof NoAnswer)) throw err;
      return this.#exchange(this.#connect(), method, request);
    }
  }

  /**
   * Sends a body in chunks, as they are made. Each write blocks until the daemon has taken what came before: nothing else
   * goes on meanwhile. A daemon that refuses early is heard; what it did not want stays unmade.
   * @throws as `send`, and what `chunks` throws
   */
  async upload(
    method: string,
    path: string,
    headers: Record<string, string>,
    chunks: Iterable<Buffer>,
  ): Promise<UnixAnswer> {
    const head = encodeRequest(method, path, { ...headers, 'Transfer-Encoding': 'chunked' });
    // One of its own: waiting for an answer has made those that were used non-blocking.
    const socket = this.#connect();
    return this.#answerTo(socket, method, () => writeChunks(socket, head, chunks));
  }

  close(): void {
    if (this.#idle !== undefined) closeSync(this.#idle);
    this.#idle = undefined;
  }

  #connect(): number {
    return nativeBinding().connectUnix(this.#path);
  }

  #exchange(socket: number, method: string, request: Buffer): Promise<UnixAnswer> {
    return this.#answerTo(socket, method, () => write(socket, request));
  }

  async #answerTo(socket: number, method: string, sendRequest: () => void): Promise<UnixAnswer> {
    const reader = new AnswerReader(method);
    try {
      sendRequest();
      while (!reader.head) await this.#readOn(socket, reader);
    } catch (err) {
      closeSync(socket);
      throw err;
    }
    if (reader.isComplete) this.#release(socket, reader);
    return { ...reader.head, body: () => this.#bodyOf(socket, reader) };
  }

  async #bodyOf(socket: number, reader: AnswerReader): Promise<Buffer> {
    if (reader.isComplete) return reader.body();
    try {
      while (!reader.isComplete) await this.#readOn(socket, reader);
    } catch (err) {
      closeSync(socket);
      throw err;
    }
    this.#release(socket, reader);
    return reader.body();
  }

  async #readOn(socket: number, reader: AnswerReader): Promise<void> {
    await nativeBinding().readable(socket);
    const chunk = Buffer.allocUnsafe(READ_BYTES);
    const count = read(socket, chunk);
    if (count === undefined) return;
    if (count === 0 && !reader.hasBegun) throw new NoAnswer('unexpected EOF');
    if (count === 0) reader.end();
    else reader.push(chunk.subarray(0, count));
  }

  #release(socket: number, reader: AnswerReader): void {
    if (reader.keepsConnection && this.#idle === undefined) this.#idle = socket;
    else closeSync(socket);
  }
}

/** The connection ended before an answer began. */
class NoAnswer extends Error {}

function write(socket: number, request: Buffer): void {
  try {
    for (let done = 0; done < request.length; ) done += writeSync(socket, request, done);
  } catch (err) {
    const { code, message } = err as NodeJS.ErrnoException;
    if (code === 'EPIPE' || code === 'ECONNRESET') throw new NoAnswer(message, { cause: err });
    throw err;
  }
}

function writeChunks(socket: number, head: Buffer, chunks: Iterable<Buffer>): void {
  write(socket, head);
  for (const chunk of chunks) {
    if (chunk.length === 0) continue;
    if (!writeAll(socket, [Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, CRLF])) return;
  }
  writeAll(socket, [LAST_CHUNK]);
}

const CRLF = Buffer.from('\r\n');
const LAST_CHUNK = Buffer.from('0\r\n\r\n');

/** @returns false when the daemon reads no more; why is in its answer */
function writeAll(socket: number, buffers: Buffer[]): boolean {
  try {
    for (let left = buffers; left.length > 0; ) left = after(left, writevSync(socket, left));
    return true;
  } catch (err) {
    const { code } = err as NodeJS.ErrnoException;
    if (code === 'EPIPE' || code === 'ECONNRESET') return false;
    throw err;
  }
}

function after(buffers: readonly Buffer[], count: number): Buffer[] {
  const left: Buffer[] = [];
  for (const buffer of buffers) {
    if (count < buffer.length) left.push(buffer.subarray(count));
    count = Math.max(0, count - buffer.length);
  }
  return left;
}

/** Undefined: nothing there after all. */
function read(socket: number, into: Buffer): number | undefined {
  try {
    return readSync(socket, into);
  } catch (err) {
    const { code } = err as NodeJS.ErrnoException;
    if (code === 'EAGAIN') return undefined;
    if (code === 'ECONNRESET') return 0;
    throw err;
  }
}

/** @throws TypeError for what would be read as a further header */
function encodeRequest(method: string, path: string, headers: Record<string, string>, body?: Buffer): Buffer {
  const lines = [`${method} ${path} HTTP/1.1`];
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
  for (const line of lines) {
    if (/[\0\r\n]/.test(line)) throw new TypeError(`invalid character in request ${JSON.stringify(line)}`);
  }
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  return body ? Buffer.concat([head, body]) : head;
}
