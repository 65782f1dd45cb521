/** The real EngineClient: requests and hijacks over one transport, the version negotiated on first use. */
import type { IncomingMessage } from 'node:http';
import { pipeline, Readable } from 'node:stream';
import { API_VERSION, compareApiVersions } from '@tsdocker/shared/api-version.ts';
import type {
  EngineClient,
  EngineResponse,
  HijackedStream,
  HijackOptions,
  PingResult,
  Query,
  RequestOptions,
} from './client.ts';
import type { Endpoint } from './endpoint.ts';
import { ConnectionError, connectionError, DaemonError, messageOfBody } from './errors.ts';
import { hijackRequest } from './hijack.ts';
import type { Transport } from './transport.ts';

/** An engine that does not name its version in the ping is at least this old. */
const OLDEST_VERSION = '1.24';
/** No error message is longer; the rest of a hostile body is not read. */
const MAX_ERROR_BODY_BYTES = 1 << 20;

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
  #transport: Promise<Transport> | undefined;
  #version: Promise<string> | undefined;

  constructor(endpoint: Endpoint, options: ClientOptions) {
    this.host = endpoint.host;
    this.#endpoint = endpoint;
    this.#options = options;
  }

  async request(method: string, path: string, options: RequestOptions = {}): Promise<EngineResponse> {
    const fullPath = await this.#pathOf(path, options);
    const response = await this.#exchange(method, fullPath, options);
    const status = response.statusCode ?? 0;
    if (status >= 400) throw await daemonError(response);
    return new HttpResponse(response);
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
    if ((answer.response.statusCode ?? 0) >= 400) throw await daemonError(answer.response);
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
    if (response.statusCode !== 200 && response.statusCode !== 500) {
      response.resume();
      response = await this.#exchange('GET', '/_ping', {});
      if ((response.statusCode ?? 0) >= 400) throw await daemonError(response);
    }
    response.resume();
    const header = (name: string): string => String(response.headers[name] ?? '');
    return {
      apiVersion: header('api-version'),
      osType: header('ostype'),
      experimental: header('docker-experimental') === 'true',
      builderVersion: header('builder-version'),
    };
  }

  close(): void {
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

  async #exchange(method: string, path: string, options: RequestOptions): Promise<IncomingMessage> {
    const transport = await this.#open();
    const { body } = options;
    const streamed = body instanceof Readable;
    const bytes = body === undefined || streamed ? undefined : Buffer.from(JSON.stringify(body));
    const bodyHeaders: Record<string, string> = {};
    if (streamed) bodyHeaders['Content-Type'] = 'application/x-tar';
    if (bytes)
      Object.assign(bodyHeaders, { 'Content-Type': 'application/json', 'Content-Length': String(bytes.length) });
    if (body === undefined && method === 'POST') bodyHeaders['Content-Length'] = '0';
    return new Promise((resolve, reject) => {
      const request = transport.request({
        ...transport.options(),
        method,
        path: this.#endpoint.basePath + path,
        headers: this.#headers(transport, bodyHeaders, options.headers),
        ...(options.signal ? { signal: options.signal } : {}),
      });
      request.on('response', resolve);
      request.on('error', (err) => reject(this.#connectionFailure(method, path, err)));
      if (!streamed) return void request.end(bytes);
      // The daemon may answer (an error) before it has read the whole body; what fails on the way is told by the request.
      pipeline(body, request, (err) => {
        if (err && !request.destroyed) request.destroy(err);
      });
    });
  }

  #connectionFailure(method: string, path: string, err: NodeJS.ErrnoException): Error {
    if (err.name === 'AbortError') return err;
    return connectionError(this.host, method, path.split('?')[0] ?? path, err);
  }
}

class HttpResponse implements EngineResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly #message: IncomingMessage;
  constructor(message: IncomingMessage) {
    this.status = message.statusCode ?? 0;
    this.headers = message.headers;
    this.#message = message;
  }
  async json<T>(): Promise<T> {
    return JSON.parse(await this.text()) as T;
  }
  async text(): Promise<string> {
    const chunks: Buffer[] = [];
    for await (const chunk of this.#message) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString('utf8');
  }
  stream(): Readable {
    return this.#message;
  }
  async discard(): Promise<void> {
    for await (const _ of this.#message);
  }
}

async function daemonError(response: IncomingMessage): Promise<DaemonError> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    chunks.push(chunk as Buffer);
    size += (chunk as Buffer).length;
    if (size > MAX_ERROR_BODY_BYTES) break;
  }
  const status = response.statusCode ?? 0;
  const type = String(response.headers['content-type'] ?? '');
  const body = Buffer.concat(chunks).toString('utf8');
  return new DaemonError(status, messageOfBody(status, response.statusMessage ?? '', type, body));
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
