/** An EngineClient that answers from a table and remembers what it was asked. */
import { Readable } from 'node:stream';
import type {
  EngineClient,
  EngineResponse,
  EngineStream,
  RequestOptions,
} from '../../packages/cli/src/client/client.ts';
import { DaemonError } from '../../packages/cli/src/client/errors.ts';
import { encodeQuery } from '../../packages/cli/src/client/http-client.ts';

/** A value is sent as JSON; a Readable as it is; a status of 400 and above becomes the daemon's error. */
export interface FakeAnswer {
  status?: number;
  body?: unknown;
  headers?: Record<string, string>;
}

export interface FakeRequest {
  method: string;
  /** With its query, decoded. */
  path: string;
  body: unknown;
  headers: Record<string, string>;
}

export class FakeClient implements EngineClient {
  readonly host = 'unix:///fake.sock';
  readonly requests: FakeRequest[] = [];
  readonly #answers: Record<string, FakeAnswer>;
  readonly #version: string;

  /** @param answers keyed `METHOD /path` without query. */
  constructor(answers: Record<string, FakeAnswer>, version = '1.55') {
    this.#answers = answers;
    this.#version = version;
  }

  /** `METHOD /path?query` of every request, in order. */
  get lines(): string[] {
    return this.requests.map(({ method, path }) => `${method} ${path}`);
  }

  request(method: string, path: string, options: RequestOptions = {}): Promise<EngineResponse> {
    return this.open(method, path, options);
  }
  async open(method: string, path: string, options: RequestOptions = {}): Promise<EngineStream> {
    const query = decodeURIComponent(encodeQuery(options.query).replaceAll('+', ' '));
    const body = options.body instanceof Readable ? await textOf(options.body) : options.body;
    this.requests.push({ method, path: path + query, body, headers: options.headers ?? {} });
    const answer = this.#answers[`${method} ${path}`];
    if (!answer) throw new DaemonError(404, `no answer for ${method} ${path}`);
    const { status = 200 } = answer;
    if (status >= 400) throw new DaemonError(status, (answer.body as { message: string }).message);
    return new FakeResponse(status, answer);
  }

  async hijack(): Promise<never> {
    throw new Error('the fake client does not hijack');
  }
  async apiVersion(): Promise<string> {
    return this.#version;
  }
  async ping(): Promise<{ apiVersion: string; osType: string; experimental: boolean; builderVersion: string }> {
    return { apiVersion: this.#version, osType: 'linux', experimental: false, builderVersion: '2' };
  }
  close(): void {}
}

class FakeResponse implements EngineResponse {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly #body: unknown;
  constructor(status: number, { body, headers = {} }: FakeAnswer) {
    this.status = status;
    this.headers = headers;
    this.#body = body;
  }
  async json<T>(): Promise<T> {
    return JSON.parse(await this.text()) as T;
  }
  async text(): Promise<string> {
    return textOf(this.stream());
  }
  stream(): Readable {
    if (this.#body instanceof Readable) return this.#body;
    return Readable.from([
      Buffer.from(typeof this.#body === 'string' ? this.#body : JSON.stringify(this.#body ?? null)),
    ]);
  }
  async discard(): Promise<void> {}
}

async function textOf(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk as Buffer));
  return Buffer.concat(chunks).toString('utf8');
}
