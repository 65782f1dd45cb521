/**
 * HTTP to registries: connection pools, redirects, retries. Knows nothing of images; errors come out as RegistryError or
 * ConnectionError.
 */
import { STATUS_CODES } from 'node:http';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { Agent, type Dispatcher, EnvHttpProxyAgent } from 'undici';
import { connectionError, errorOf, RegistryError } from './errors.ts';

export interface HttpResponse {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Dispatcher.ResponseData['body'];
  /** After redirects. */
  url: URL;
}

export interface HttpRequest {
  method: 'GET' | 'HEAD' | 'POST' | 'PUT';
  headers?: Record<string, string>;
  /** A stream is sent once: it does not follow a redirect. */
  body?: string | Buffer | Readable;
  verify: boolean;
  signal?: AbortSignal | undefined;
}

export interface RetryPolicy {
  /** Tries in all. */
  attempts: number;
  /** Before the second try; doubles. */
  delayMillis: number;
}

const MAX_REDIRECTS = 10;
const CONNECT_MILLIS = 15_000;
const SILENCE_MILLIS = 60_000;
const MAX_ERROR_BYTES = 8192;

export class Transport {
  readonly #agents = new Map<string, Dispatcher>();
  readonly #userAgent: string;
  readonly #retry: RetryPolicy;

  constructor(opts: { userAgent: string; retry: RetryPolicy }) {
    this.#userAgent = opts.userAgent;
    this.#retry = opts.retry;
  }

  /** Pools are kept for the life of the daemon; verified and unverified connections never share one. */
  #agent(url: URL, verify: boolean): Dispatcher {
    const proxied = hasProxy() && !isLoopback(url.hostname);
    const key = `${verify} ${proxied}`;
    let agent = this.#agents.get(key);
    if (!agent) {
      const tls = { rejectUnauthorized: verify };
      const common = { headersTimeout: SILENCE_MILLIS, bodyTimeout: SILENCE_MILLIS, keepAliveTimeout: 10_000 };
      agent = proxied
        ? new EnvHttpProxyAgent({ ...common, requestTls: tls })
        : new Agent({ ...common, connect: { ...tls, timeout: CONNECT_MILLIS } });
      this.#agents.set(key, agent);
    }
    return agent;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#agents.values()].map((a) => a.destroy()));
    this.#agents.clear();
  }

  /**
   * One request with its redirects; credentials do not follow to another origin. Any status comes back.
   * @throws ConnectionError
   */
  async send(url: URL, request: HttpRequest): Promise<HttpResponse> {
    const headers: Record<string, string> = { 'user-agent': this.#userAgent, ...request.headers };
    let { method, body } = request;
    for (let hops = 0; ; hops++) {
      const response = await this.#once(url, { ...request, method, headers, ...(body !== undefined && { body }) });
      const location = response.headers['location'];
      if (![301, 302, 303, 307, 308].includes(response.status) || typeof location !== 'string') return response;
      await response.body.dump();
      if (body instanceof Readable)
        throw connectionError(method, url, new Error('redirected in the middle of an upload'));
      if (hops >= MAX_REDIRECTS)
        throw connectionError(method, url, new Error(`stopped after ${MAX_REDIRECTS} redirects`));
      const next = redirectTarget(location, url);
      if (!next)
        throw connectionError(method, url, new Error(`failed to parse Location header ${JSON.stringify(location)}`));
      if (next.origin !== url.origin) delete headers['authorization'];
      if (response.status < 307 && method === 'POST') {
        method = 'GET';
        body = undefined;
      }
      url = next;
    }
  }

  async #once(url: URL, request: HttpRequest): Promise<HttpResponse> {
    try {
      const response = await this.#agent(url, request.verify).request({
        origin: url.origin,
        path: url.pathname + url.search,
        method: request.method,
        headers: request.headers ?? {},
        body: request.body ?? null,
        signal: request.signal ?? null,
      });
      return { status: response.statusCode, headers: response.headers, body: response.body, url };
    } catch (err) {
      request.signal?.throwIfAborted();
      throw connectionError(request.method, url, err);
    }
  }

  /**
   * Repeats `attempt` while the registry says it is busy (429, 5xx).
   * @throws what the last attempt threw
   */
  async withRetries<T>(attempt: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await attempt();
      } catch (err) {
        const busy = err instanceof RegistryError && (err.status === 429 || err.status >= 500);
        if (!busy || tries >= this.#retry.attempts) throw err;
        const wait = this.#retry.delayMillis * 2 ** (tries - 1);
        await delay(
          err.retryAfterSeconds === undefined ? wait : err.retryAfterSeconds * 1000,
          undefined,
          signal && { signal },
        );
      }
    }
  }
}

function redirectTarget(location: string, base: URL): URL | undefined {
  if (!URL.canParse(location, base.href)) return undefined;
  const url = new URL(location, base);
  return /^https?:$/.test(url.protocol) ? url : undefined;
}

function hasProxy(): boolean {
  const names = ['http_proxy', 'HTTP_PROXY', 'https_proxy', 'HTTPS_PROXY'];
  return names.some((name) => process.env[name]);
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

/** All values of a header. */
export function headerValues(response: HttpResponse, name: string): string[] {
  const value = response.headers[name];
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}

/** Reads a body of limited size. @throws Error when it is larger */
export async function readBody(response: HttpResponse, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    size += (chunk as Buffer).length;
    if (size > maxBytes) {
      response.body.destroy();
      throw new Error(`http: response body too large: more than ${maxBytes} bytes from ${response.url}`);
    }
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

/** Turns an answer of 400 and above into its error; reads its body. */
export async function errorFrom(response: HttpResponse): Promise<RegistryError> {
  const body = await readBody(response, MAX_ERROR_BYTES).catch(() => Buffer.alloc(0));
  return errorOf({
    status: response.status,
    statusText: STATUS_CODES[response.status] ?? '',
    challenges: headerValues(response, 'www-authenticate'),
    retryAfter: headerValues(response, 'retry-after')[0],
    body: body.toString('utf8'),
  });
}
