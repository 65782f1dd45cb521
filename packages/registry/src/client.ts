/**
 * One repository at one endpoint: manifests, tags and blobs by the distribution API.
 * @see OCI distribution-spec
 */
import { Readable } from 'node:stream';
import type { Digest } from '@tsdocker/shared/digest.ts';
import type { AuthConfig } from '@tsdocker/shared/types/auth.ts';
import { Authenticator, credentialsOf } from './auth.ts';
import { parseChallenges } from './challenge.ts';
import type { Endpoint } from './endpoints.ts';
import { connectionError, RegistryError } from './errors.ts';
import { ACCEPTED_MANIFESTS, MAX_MANIFEST_BYTES } from './media-types.ts';
import { sha256Of } from './sha256.ts';
import { errorFrom, type HttpRequest, type HttpResponse, headerValues, readBody, type Transport } from './transport.ts';

export interface FetchedManifest {
  /** Exactly as served; `digest` is of these bytes. */
  bytes: Buffer;
  digest: Digest;
  /** Of the Content-Type header, without parameters. */
  mediaType: string;
}

/** A blob's bytes from some offset on. */
export interface BlobBody {
  stream: AsyncIterable<Buffer>;
  /** Where the stream starts: the asked offset, or 0 when the registry does not do ranges. */
  offset: number;
  cancel(): void;
}

const MAX_TAGS_BYTES = 32 << 20;

export class RepositoryClient {
  readonly endpoint: Endpoint;
  readonly #path: string;
  readonly #transport: Transport;
  readonly #auth: Authenticator;
  readonly #signal: AbortSignal | undefined;
  readonly #scope: string;

  /**
   * @param opts.path repository without the registry: `library/ubuntu`
   * @param opts.actions what credentials are asked for
   */
  constructor(opts: {
    endpoint: Endpoint;
    path: string;
    transport: Transport;
    auth: AuthConfig | undefined;
    signal: AbortSignal | undefined;
    actions?: 'pull' | 'pull,push';
  }) {
    const { endpoint, transport, signal } = opts;
    this.endpoint = endpoint;
    this.#path = opts.path;
    this.#transport = transport;
    this.#signal = signal;
    this.#scope = `repository:${opts.path}:${opts.actions ?? 'pull'}`;
    const credentials = credentialsOf(endpoint.mirror ? undefined : opts.auth);
    this.#auth = new Authenticator(credentials, async (url, init) => {
      const response = await transport.send(url, { ...init, verify: endpoint.verify, signal });
      if (response.status >= 400) throw prefixed(init.method, url, await errorFrom(response));
      return await readBody(response, 1 << 20);
    });
  }

  /** Finds out whether the endpoint is a registry and how it wants to be asked. @throws RegistryError, ConnectionError */
  async ping(): Promise<void> {
    const url = new URL('/v2/', this.endpoint.url);
    const response = await this.#transport.send(url, {
      method: 'GET',
      verify: this.endpoint.verify,
      signal: this.#signal,
    });
    this.#auth.challenged(parseChallenges(headerValues(response, 'www-authenticate')));
    if (response.status === 401 || response.status < 400) return void (await response.body.dump());
    throw prefixed('GET', url, await errorFrom(response));
  }

  #get(path: string, headers: Record<string, string>): Promise<HttpResponse> {
    return this.#request('GET', path, { headers });
  }

  /**
   * Sends with credentials; a rejected token is fetched anew once. Statuses below 400 only.
   * @param target path, or the address a registry gave
   * @param opts.body made anew for each try
   */
  async #request(
    method: HttpRequest['method'],
    target: string,
    opts: { headers?: Record<string, string>; body?: () => string | Buffer | Readable } = {},
  ): Promise<HttpResponse> {
    const url = new URL(target, this.endpoint.url);
    return this.#transport.withRetries(async () => {
      for (let tries = 1; ; tries++) {
        const authorization = await this.#authorization(url);
        const response = await this.#transport.send(url, {
          method,
          headers: { ...opts.headers, ...(authorization && { authorization }) },
          ...(opts.body && { body: opts.body() }),
          verify: this.endpoint.verify,
          signal: this.#signal,
        });
        if (response.status < 400) return response;
        this.#auth.challenged(parseChallenges(headerValues(response, 'www-authenticate')));
        const error = await errorFrom(response);
        if (response.status !== 401 || tries > 1) throw error;
        this.#auth.reject(this.#scope);
      }
    }, this.#signal);
  }

  async #authorization(url: URL): Promise<string | undefined> {
    try {
      return await this.#auth.header(this.#scope);
    } catch (err) {
      if (err instanceof RegistryError || (err as Error).name === 'ConnectionError') throw err;
      this.#signal?.throwIfAborted();
      throw connectionError('GET', url, err);
    }
  }

  /** Whether the repository has a blob. @throws RegistryError */
  async hasBlob(digest: Digest): Promise<boolean> {
    try {
      const response = await this.#request('HEAD', `/v2/${this.#path}/blobs/${digest}`);
      await response.body.dump();
      return true;
    } catch (err) {
      if (err instanceof RegistryError && err.status === 404) return false;
      throw err;
    }
  }

  /**
   * Puts a blob into the repository, in one piece.
   * @param open its bytes, once for each try
   * @param from a repository of this registry that may have it
   * @returns whether it came from there @throws RegistryError, ConnectionError
   */
  async upload(
    blob: { digest: Digest; size: number },
    open: () => AsyncIterable<Buffer>,
    from?: string,
  ): Promise<{ mounted: boolean }> {
    const mount = from === undefined ? '' : `?${new URLSearchParams({ mount: blob.digest, from })}`;
    const begun = await this.#request('POST', `/v2/${this.#path}/blobs/uploads/${mount}`, {
      headers: { 'content-length': '0' },
    });
    await begun.body.dump();
    if (begun.status === 201) return { mounted: true };
    const location = headerValues(begun, 'location')[0] ?? '';
    if (!URL.canParse(location, begun.url.href)) throw new Error(`registry gave no place to upload ${blob.digest} to`);
    const url = new URL(location, begun.url);
    // Elsewhere it would be sent the credentials.
    if (url.origin !== this.endpoint.url.origin) throw new Error(`registry sends the upload to ${url.origin}`);
    url.searchParams.append('digest', blob.digest);
    const done = await this.#request('PUT', url.href, {
      headers: { 'content-type': 'application/octet-stream', 'content-length': String(blob.size) },
      body: () => Readable.from(open(), { objectMode: false }),
    });
    await done.body.dump();
    return { mounted: false };
  }

  /** @param reference tag or digest @throws RegistryError */
  async putManifest(reference: string, bytes: Buffer, mediaType: string): Promise<void> {
    const response = await this.#request('PUT', `/v2/${this.#path}/manifests/${reference}`, {
      headers: { 'content-type': mediaType },
      body: () => bytes,
    });
    await response.body.dump();
  }

  /**
   * @param reference tag or digest
   * @throws RegistryError; Error `manifest verification failed for digest ...`, too large
   */
  async manifest(reference: string): Promise<FetchedManifest> {
    const response = await this.#get(`/v2/${this.#path}/manifests/${reference}`, {
      accept: ACCEPTED_MANIFESTS.join(', '),
    });
    const bytes = await readBody(response, MAX_MANIFEST_BYTES);
    const digest = sha256Of(bytes);
    if (reference.includes(':') && reference !== digest)
      throw new Error(`manifest verification failed for digest ${reference}`);
    const mediaType = (headerValues(response, 'content-type')[0] ?? '').split(';')[0]?.trim() ?? '';
    return { bytes, digest, mediaType };
  }

  /** All tags, over as many pages as the registry makes. */
  async tags(): Promise<string[]> {
    const tags: string[] = [];
    const seen = new Set<string>();
    for (let path: string | undefined = `/v2/${this.#path}/tags/list`; path !== undefined && !seen.has(path); ) {
      seen.add(path);
      const response = await this.#get(path, {});
      const page = JSON.parse((await readBody(response, MAX_TAGS_BYTES)).toString('utf8')) as { tags?: unknown };
      if (Array.isArray(page.tags)) tags.push(...page.tags.filter((t) => typeof t === 'string'));
      path = nextPage(headerValues(response, 'link')[0], response.url, this.endpoint.url);
    }
    return tags;
  }

  /** Opens a blob. @throws RegistryError */
  async blob(digest: Digest, offset: number): Promise<BlobBody> {
    const headers: Record<string, string> = { 'accept-encoding': 'identity' };
    if (offset > 0) headers['range'] = `bytes=${offset}-`;
    const response = await this.#get(`/v2/${this.#path}/blobs/${digest}`, headers);
    const from =
      response.status === 206 ? /^bytes (\d+)-/.exec(headerValues(response, 'content-range')[0] ?? '')?.[1] : '0';
    return {
      stream: response.body as AsyncIterable<Buffer>,
      offset: Number(from ?? offset),
      cancel: () => void response.body.destroy(),
    };
  }
}

/** The next page's path; a link to another origin is not followed, since it would be sent the credentials. */
function nextPage(link: string | undefined, current: URL, origin: URL): string | undefined {
  const target = /<([^>]*)>\s*;\s*rel="?next"?/i.exec(link ?? '')?.[1];
  if (target === undefined || !URL.canParse(target, current.href)) return undefined;
  const url = new URL(target, current);
  return url.origin === origin.origin ? url.pathname + url.search : undefined;
}

function prefixed(method: string, url: URL, err: RegistryError): RegistryError {
  const verb = method[0] + method.slice(1).toLowerCase();
  return new RegistryError(err.registryCode, err.status, `${verb} "${url}": ${err.message}`, err.retryAfterSeconds);
}
