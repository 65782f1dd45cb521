/** Answers of the engine, by either way they come. */
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import type { EngineResponse, EngineStream } from './client.ts';
import { DaemonError, messageOfBody } from './errors.ts';
import type { UnixAnswer } from './unix-exchange.ts';

/** No error message is longer; the rest of a hostile body is not read. */
const MAX_ERROR_BODY_BYTES = 1 << 20;

export interface Answer extends EngineResponse {
  readonly statusText: string;
  /** The body, cut off behind `limit` bytes. */
  beginning(limit: number): Promise<Buffer>;
}

export class HttpResponse implements Answer, EngineStream {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly #message: IncomingMessage;
  constructor(message: IncomingMessage) {
    this.status = message.statusCode ?? 0;
    this.statusText = message.statusMessage ?? '';
    this.headers = message.headers;
    this.#message = message;
  }
  async json<T>(): Promise<T> {
    return JSON.parse(await this.text()) as T;
  }
  async text(): Promise<string> {
    return (await this.beginning(Number.POSITIVE_INFINITY)).toString('utf8');
  }
  stream(): Readable {
    return this.#message;
  }
  async discard(): Promise<void> {
    for await (const _ of this.#message);
  }
  async beginning(limit: number): Promise<Buffer> {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of this.#message) {
      chunks.push(chunk as Buffer);
      size += (chunk as Buffer).length;
      if (size > limit) break;
    }
    return Buffer.concat(chunks);
  }
}

export class UnixResponse implements Answer {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly #answer: UnixAnswer;
  readonly #failure: (err: NodeJS.ErrnoException) => Error;
  constructor(answer: UnixAnswer, failure: (err: NodeJS.ErrnoException) => Error) {
    this.status = answer.status;
    this.statusText = answer.statusText;
    this.headers = answer.headers;
    this.#answer = answer;
    this.#failure = failure;
  }
  async json<T>(): Promise<T> {
    return JSON.parse(await this.text()) as T;
  }
  async text(): Promise<string> {
    return (await this.#body()).toString('utf8');
  }
  async discard(): Promise<void> {
    await this.#body();
  }
  async beginning(limit: number): Promise<Buffer> {
    return (await this.#body()).subarray(0, limit);
  }
  async #body(): Promise<Buffer> {
    try {
      return await this.#answer.body();
    } catch (err) {
      throw this.#failure(err as NodeJS.ErrnoException);
    }
  }
}

/** @throws DaemonError when it is one of 400 or more */
export async function checked<T extends Answer>(answer: T): Promise<T> {
  const { status, statusText } = answer;
  if (status < 400) return answer;
  const body = (await answer.beginning(MAX_ERROR_BODY_BYTES)).toString('utf8');
  throw new DaemonError(status, messageOfBody(status, statusText, String(answer.headers['content-type'] ?? ''), body));
}
