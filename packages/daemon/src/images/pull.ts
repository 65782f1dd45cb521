/** Pulls an image: the registry's endpoints in turn, manifest, configuration, layers, names. @see Engine API `ImageCreate` */
import { type FetchedManifest, RepositoryClient } from '@tsdocker/registry/client.ts';
import { downloadBlob } from '@tsdocker/registry/download.ts';
import { type Endpoint, type EndpointOptions, endpointsOf } from '@tsdocker/registry/endpoints.ts';
import { ConnectionError, RegistryError } from '@tsdocker/registry/errors.ts';
import { type ImageManifest, parseManifest, selectManifest } from '@tsdocker/registry/manifests.ts';
import type { RetryPolicy, Transport } from '@tsdocker/registry/transport.ts';
import { type Digest, shortId } from '@tsdocker/shared/digest.ts';
import { DockerError } from '@tsdocker/shared/errors.ts';
import { hostPlatform, type Platform, parsePlatform, platformRank, platformString } from '@tsdocker/shared/platform.ts';
import {
  familiarName,
  familiarString,
  parseReference,
  type Reference,
  referenceString,
  withDefaultTag,
} from '@tsdocker/shared/reference.ts';
import { MAX_CONFIG_BYTES, type ParsedConfig, parseConfig } from './config.ts';
import { pullError } from './errors.ts';
import type { LayerSource } from './layers.ts';
import type { Library } from './library.ts';
import type { Semaphore } from './locks.ts';
import { itemProgress } from './progress.ts';
import { registerImage, wantedLayers } from './register.ts';
import type { PullOptions } from './service.types.ts';
import { namesHolding, type Origin, setName } from './variants.ts';

export interface PullDeps {
  library: Library;
  transport: Transport;
  /** Shared by all pulls: Docker's max-concurrent-downloads. */
  downloads: Semaphore;
  endpoints: EndpointOptions;
  downloadRetry: RetryPolicy;
}

/** @throws InvalidParameter, NotFound, Unauthorized, System in Docker's words; the signal's reason */
export async function pullImage(deps: PullDeps, text: string, opts: PullOptions): Promise<void> {
  const parsed = parseReference(text);
  const ref = opts.allTags ? parsed : withDefaultTag(parsed);
  if (opts.allTags && (parsed.tag || parsed.digest)) {
    throw new DockerError('InvalidParameter', "tag can't be used with --all-tags/-a");
  }
  const platform = opts.platform ? parsePlatform(opts.platform) : hostPlatform();
  const endpoints = await endpointsOf(ref.domain, deps.endpoints);
  let last: unknown;
  for (const endpoint of endpoints) {
    opts.signal?.throwIfAborted();
    try {
      const downloaded = await pullFrom(deps, endpoint, ref, platform, opts);
      const status = downloaded ? 'Downloaded newer image for' : 'Image is up to date for';
      opts.progress({ status: `Status: ${status} ${familiarString(ref)}` });
      return;
    } catch (err) {
      opts.signal?.throwIfAborted();
      last = err;
      if (!leadsOn(err, endpoint)) break;
    }
  }
  throw pullError(last, ref);
}

/** For push, too: whether the next endpoint may do better: a mirror's failure always, otherwise when there was no registry to ask. */
export function leadsOn(err: unknown, endpoint: Endpoint): boolean {
  return endpoint.mirror || err instanceof ConnectionError || (err instanceof RegistryError && err.registryCode === '');
}

async function pullFrom(
  deps: PullDeps,
  endpoint: Endpoint,
  ref: Reference,
  platform: Platform,
  opts: PullOptions,
): Promise<boolean> {
  const client = new RepositoryClient({
    endpoint,
    path: ref.path,
    transport: deps.transport,
    auth: opts.auth,
    signal: opts.signal,
  });
  await client.ping();
  if (!opts.allTags) return await new TagPull(deps, client, ref, platform, opts).run();
  let any = false;
  for (const tag of await client.tags()) {
    const one = parseReference(`${referenceString(ref)}:${tag}`);
    any = (await new TagPull(deps, client, one, platform, opts).run()) || any;
  }
  return any;
}

/** One tag or digest from one endpoint. */
class TagPull {
  readonly #deps: PullDeps;
  readonly #client: RepositoryClient;
  readonly #ref: Reference;
  readonly #platform: Platform;
  readonly #opts: PullOptions;
  readonly #releases: (() => void)[] = [];

  constructor(deps: PullDeps, client: RepositoryClient, ref: Reference, platform: Platform, opts: PullOptions) {
    this.#deps = deps;
    this.#client = client;
    this.#ref = ref;
    this.#platform = platform;
    this.#opts = opts;
  }

  /** @returns whether the name means another image now */
  async run(): Promise<boolean> {
    try {
      return await this.#pull();
    } finally {
      for (const release of this.#releases) release();
    }
  }

  async #pull(): Promise<boolean> {
    const { library } = this.#deps;
    const wanted = this.#ref.digest ?? (this.#ref.tag as string);
    const top = await this.#client.manifest(wanted);
    this.#opts.progress({ status: `Pulling from ${this.#ref.path}`, id: wanted });
    const { fetched, manifest, origin } = await this.#imageManifest(top);
    const id = manifest.config.digest;
    this.#hold(id, fetched.digest, top.digest);
    const names = this.#names(top.digest);
    const wasNamed = namesHolding(library.state, id).includes(names[0] as string);
    await library.content.put(top.bytes, { digest: top.digest });
    if (!library.state.images[id]) await this.#download(id, fetched, manifest, names, origin);
    await this.#warnOtherPlatform(id);
    this.#opts.progress({ status: `Digest: ${top.digest}` });
    await this.#name(id, names, origin);
    await library.publish('pull', familiarString(this.#ref), familiarName(this.#ref), id);
    return !wasNamed;
  }

  #hold(...digests: Digest[]): void {
    for (const digest of digests) this.#releases.push(this.#deps.library.blobs.leases.hold(digest));
  }

  /** Follows an index to the platform's image. */
  async #imageManifest(
    top: FetchedManifest,
  ): Promise<{ fetched: FetchedManifest; manifest: ImageManifest; origin?: Origin }> {
    let fetched = top;
    let platform: Platform | undefined;
    let manifest = parseManifest(top.bytes, top.mediaType);
    for (let depth = 0; manifest.kind === 'index'; depth++) {
      const entry = depth < 3 ? selectManifest(manifest, this.#platform) : undefined;
      if (!entry) {
        const name = platformString(this.#platform);
        throw new DockerError('NotFound', `no matching manifest for ${name} in the manifest list entries`);
      }
      fetched = await this.#client.manifest(entry.digest);
      manifest = parseManifest(fetched.bytes, entry.mediaType);
      platform = entry.platform ?? this.#platform;
    }
    if (!platform) return { fetched, manifest };
    const index = { digest: top.digest, size: top.bytes.length, mediaType: top.mediaType };
    return { fetched, manifest, origin: { index, manifest: fetched.digest, platform } };
  }

  async #download(
    id: Digest,
    fetched: FetchedManifest,
    manifest: ImageManifest,
    names: string[],
    origin: Origin | undefined,
  ): Promise<void> {
    const { library } = this.#deps;
    const config = await this.#config(id, manifest.config.size);
    const { digest } = await library.content.put(fetched.bytes, { digest: fetched.digest });
    const image = {
      id,
      config,
      layers: manifest.layers,
      manifest: { digest, size: fetched.bytes.length, mediaType: manifest.mediaType || fetched.mediaType },
    };
    const items = new Map(
      wantedLayers(image).map((l) => [l.chainId, itemProgress(this.#opts.progress, shortId(l.blob.digest))]),
    );
    for (const item of items.values()) item.state('Pulling fs layer');
    await registerImage(library, image, {
      source: this.#source(),
      progressOf: (layer) => items.get(layer.chainId) ?? itemProgress(this.#opts.progress, shortId(layer.blob.digest)),
      signal: this.#opts.signal,
      name: (draft) => {
        for (const name of names) setName(draft, name, id, origin);
      },
    });
  }

  async #config(id: Digest, size: number): Promise<ParsedConfig> {
    if (size > MAX_CONFIG_BYTES)
      throw new DockerError('InvalidParameter', `image configuration of ${size} bytes is too large`);
    const ingest = await this.#deps.library.content.ingest({ digest: id, size });
    try {
      for await (const chunk of this.#blob(id, size)) await ingest.write(chunk);
      await ingest.commit();
    } catch (err) {
      await ingest.abort();
      throw err;
    }
    return parseConfig(await this.#deps.library.content.read(id));
  }

  #blob(
    digest: Digest,
    size: number,
    signal = this.#opts.signal,
    onRetry?: (seconds: number) => void,
  ): AsyncGenerator<Buffer> {
    const { attempts, delayMillis } = this.#deps.downloadRetry;
    return downloadBlob(this.#client, { digest, size, attempts, delayMillis, signal, ...(onRetry && { onRetry }) });
  }

  #source(): LayerSource {
    return async (layer, item, signal, use) => {
      const { digest, size } = layer.blob;
      const retrying = (seconds: number) => item.state(`Retrying in ${seconds} second${seconds === 1 ? '' : 's'}`);
      const bytes = this.#blob(digest, size, signal, retrying);
      async function* counted(): AsyncGenerator<Buffer> {
        let done = 0;
        for await (const chunk of bytes) {
          signal.throwIfAborted();
          done += chunk.length;
          item.amount('Downloading', done, size);
          yield chunk;
        }
      }
      await this.#deps.downloads.run(
        async () => {
          signal.throwIfAborted();
          await use(counted());
        },
        () => item.state('Waiting'),
      );
    };
  }

  /** An image of one platform is taken whatever platform was asked for; Docker says so and goes on. */
  async #warnOtherPlatform(id: Digest): Promise<void> {
    if (!this.#opts.platform) return;
    const { platform } = await this.#deps.library.config(id);
    if (platformRank(this.#platform, platform) !== undefined) return;
    const [wanted, actual] = [platformString(this.#platform), platformString(platform)];
    const ref = familiarString(this.#ref);
    this.#opts.progress({
      status: `WARNING: image with reference ${ref} was found but does not match the specified platform: wanted ${wanted}, actual: ${actual}\n`,
    });
  }

  /** What the image will be called: the reference asked for first. */
  #names(digest: Digest): string[] {
    const byDigest = referenceString({ domain: this.#ref.domain, path: this.#ref.path, digest });
    return this.#ref.digest ? [byDigest] : [referenceString(this.#ref), byDigest];
  }

  async #name(id: Digest, names: string[], origin: Origin | undefined): Promise<void> {
    const { library } = this.#deps;
    const { references, indexes = {} } = library.state;
    const isNamed = (name: string) =>
      origin
        ? indexes[name]?.index.digest === origin.index.digest && Object.hasOwn(indexes[name].images, id)
        : references[name] === id && !indexes[name];
    if (names.every(isNamed)) return;
    await library.store.update((draft) => {
      if (!draft.images[id]) throw new DockerError('NotFound', `image ${id} was removed while it was pulled`);
      for (const name of names) setName(draft, name, id, origin);
    });
  }
}
