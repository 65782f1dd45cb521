/** The real EngineClient: the version is negotiated on first use; short requests take the short way where there is one. */
import type { Readable } from 'node:stream';
import { API_VERSION, compareApiVersions } from '@tsdocker/shared/api-version.ts';
import { type Answer, checked, HttpResponse, UnixResponse } from './answers.ts';
import type {
  EngineClient,
  EngineResponse,
  EngineStream,
  HijackedStream,
  HijackOptions,
  PingResult,
  Query,
  RequestOptions,
} from './client.ts';
import type { Endpoint } from './endpoint.ts';
import { ConnectionError, connectionError } from './errors.ts';
import { hijackRequest } from './hijack.ts';
import type { Transport } from './transport.ts';
import { MAX_BODY_BYTES, UnixExchange } from './unix-exchange.ts';

/** An engine that does not name its version in the ping is at least this old. */
const OLDEST_VERSION = '1.24';

export interface ClientOptions {
  /** Fixed version (DOCKER_API_VERSION): no negotiation. */
  apiVersion?: string;
  /** Sent with every request (config.json HttpHeaders, User-Agent). */
  headers?: Record<string, string>;
}

export function createEngineClient(endpoint: Endpoint, options: ClientOptions = {}): EngineClient {
  return new HttpEngineClient(endpoint, options);
}

class HttpEngineClient implements EngineClient {
  readonly host: string;
  readonly #endpoint: Endpoint;
  readonly #options: ClientOptions;
  readonly #unix: UnixExchange | undefined;
  #transport: Promise<Transport> | undefined;
  #version: Promise<string> | undefined;

  constructor(endpoint: Endpoint, options: ClientOptions) {
    this.host = endpoint.host;
    this.#endpoint = endpoint;
    this.#options = options;
    if (endpoint.kind === 'unix' && endpoint.socketPath) this.#unix = new UnixExchange(endpoint.socketPath);
  }

  async request(method: string, path: string, options: RequestOptions = {}): Promise<EngineResponse> {
    const fullPath = await this.#pathOf(path, options);
    return checked(await this.#exchange(method, fullPath, options));
  }

  async open(method: string, path: string, options: RequestOptions = {}): Promise<EngineStream> {
    const fullPath = await this.#pathOf(path, options);
    return checked(await this.#exchangeByHttp(method, fullPath, options));
  }

  async hijack(path: string, options: HijackOptions = {}): Promise<HijackedStream> {
    const fullPath = await this.#pathOf(path, options);
    const transport = await this.#open();
    const body = options.body === undefined ? undefined : Buffer.from(JSON.stringify(options.body));
    const answer = await hijackRequest(
      transport,
      {
        ...transport.options(),
        method: 'POST',
        path: this.#endpoint.basePath + fullPath,
        headers: this.#headers(
          transport,
          body === undefined ? {} : { 'Content-Type': 'application/json' },
          options.headers,
        ),
        ...(options.signal ? { signal: options.signal } : {}),
      },
      body,
    ).catch((err: NodeJS.ErrnoException) => {
      throw this.#connectionFailure('POST', fullPath, err);
    });
    if ('socket' in answer) return answer;
    await checked(new HttpResponse(answer.response));
    answer.response.destroy();
    throw new ConnectionError(`unable to upgrade to tcp, received ${answer.response.statusCode}`, 'System');
  }

  apiVersion(): Promise<string> {
    this.#version ??= this.#options.apiVersion ? Promise.resolve(this.#options.apiVersion) : this.#negotiate();
    return this.#version;
  }

  /** HEAD first, which costs the daemon least; GET where a proxy or an old engine refuses it. */
  async ping(): Promise<PingResult> {
    let response = await this.#exchange('HEAD', '/_ping', {});
    await response.discard();
    if (response.status !== 200 && response.status !== 500) {
      response = await checked(await this.#exchange('GET', '/_ping', {}));
      await response.discard();
    }
    const header = (name: string): string => String(response.headers[name] ?? '');
    return {
      apiVersion: header('api-version'),
      osType: header('ostype'),
      experimental: header('docker-experimental') === 'true',
      builderVersion: header('builder-version'),
    };
  }

  close(): void {
    this.#unix?.close();
    this.#transport?.then((transport) => transport.close()).catch(() => {});
  }

  async #negotiate(): Promise<string> {
    const { apiVersion } = await this.ping();
    const theirs = apiVersion || OLDEST_VERSION;
    return compareApiVersions(theirs, API_VERSION) < 0 ? theirs : API_VERSION;
  }

  async #pathOf(path: string, options: { query?: Query; unversioned?: boolean }): Promise<string> {
    const prefix = options.unversioned ? '' : `/v${await this.apiVersion()}`;
    return prefix + path + encodeQuery(options.query);
  }

  #open(): Promise<Transport> {
    // node:http costs milliseconds: only a command that talks to the daemon pays them.
    this.#transport ??= import('./transport.ts').then(({ openTransport }) => openTransport(this.#endpoint));
    return this.#transport;
  }

  #headers(transport: Transport, ...more: (Record<string, string> | undefined)[]): Record<string, string> {
    const target = transport.options().headers as Record<string, string> | undefined;
    return Object.assign({}, this.#options.headers, target, ...more);
  }

  async #exchange(method: string, path: string, options: RequestOptions): Promise<Answer> {
    const { content, ...body } = encodeBody(method, options.body);
    const isLong = isStream(content) || (Buffer.isBuffer(content) && content.length > MAX_BODY_BYTES);
    if (!this.#unix || options.signal || isLong) return this.#exchangeByHttp(method, path, options);
    const headers = { Host: 'docker', ...this.#options.headers, ...body.headers, ...options.headers };
    const target = this.#endpoint.basePath + path;
    try {
      const answer =
        content === undefined || Buffer.isBuffer(content)
          ? await this.#unix.send(method, target, headers, content)
          : await this.#unix.upload(method, target, headers, content);
      return new UnixResponse(answer, (err) => this.#connectionFailure(method, path, err));
    } catch (err) {
      throw this.#connectionFailure(method, path, err as NodeJS.ErrnoException);
    }
  }

  async #exchangeByHttp(method: string, path: string, options: RequestOptions): Promise<HttpResponse> {
    const [transport, { httpExchange }] = await Promise.all([this.#open(), import('./http-exchange.ts')]);
    const body = encodeBody(method, options.body);
    const request = {
      ...transport.options(),
      method,
      path: this.#endpoint.basePath + path,
      headers: this.#headers(transport, body.headers, options.headers),
      ...(options.signal ? { signal: options.signal } : {}),
    };
    try {
      return new HttpResponse(await httpExchange(transport, request, body.content));
    } catch (err) {
      throw this.#connectionFailure(method, path, err as NodeJS.ErrnoException);
    }
  }

  #connectionFailure(method: string, path: string, err: NodeJS.ErrnoException): Error {
    if (err.name === 'AbortError') return err;
    if (err instanceof BodyError) return err.cause as Error;
    return connectionError(this.host, method, path.split('?')[0] ?? path, err);
  }
}

function isStream(body: unknown): body is Readable {
  return typeof (body as Readable | undefined)?.pipe === 'function';
}

function isChunks(body: unknown): body is Iterable<Buffer> {
  return typeof body === 'object' && body !== null && !Array.isArray(body) && Symbol.iterator in body;
}

/** What goes wrong while a body is made is no failure of the connection. */
class BodyError extends Error {}

function* made(chunks: Iterable<Buffer>): Generator<Buffer> {
  try {
    yield* chunks;
  } catch (err) {
    throw new BodyError('', { cause: err });
  }
}

type Content = Buffer | Readable | Iterable<Buffer> | undefined;

/** @param body a stream or chunks: a tar; anything else: JSON */
function encodeBody(method: string, body: unknown): { content: Content; headers: Record<string, string> } {
  const tar = isChunks(body) ? made(body) : isStream(body) ? body : undefined;
  if (tar) return { content: tar, headers: { 'Content-Type': 'application/x-tar' } };
  if (body === undefined) {
    return { content: undefined, headers: method === 'POST' ? { 'Content-Length': '0' } : {} };
  }
  const content = Buffer.from(JSON.stringify(body));
  return { content, headers: { 'Content-Type': 'application/json', 'Content-Length': String(content.length) } };
}

/** `?a=b&c=d`, or '' without values. */
export function encodeQuery(query: Query | undefined): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query ?? {})) {
    if (value === undefined || value === '' || value === false) continue;
    if (Array.isArray(value)) for (const item of value) params.append(key, item);
    else if (value === true) params.append(key, '1');
    else params.append(key, typeof value === 'object' ? JSON.stringify(value) : String(value));
  }
  const text = params.toString();
  return text === '' ? '' : `?${text}`;
}
