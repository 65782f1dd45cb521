/** What `manifest` asks of registries, without a daemon: manifests with their platforms, and putting a list in its place. */
import { type FetchedManifest, RepositoryClient } from '@tsdocker/registry/client.ts';
import { endpointsOf } from '@tsdocker/registry/endpoints.ts';
import { ConnectionError, RegistryError } from '@tsdocker/registry/errors.ts';
import { type Descriptor, parseDescriptor } from '@tsdocker/registry/manifests.ts';
import { isIndexType, isManifestType } from '@tsdocker/registry/media-types.ts';
import { sha256Of } from '@tsdocker/registry/sha256.ts';
import { Transport } from '@tsdocker/registry/transport.ts';
import { parseReference, type Reference, referenceString } from '@tsdocker/shared/reference.ts';
import type { Cli } from '../cli.ts';
import { credentialsFor, serverOfDomain } from '../config/credentials.ts';
import { StatusError } from '../status-error.ts';
import { blobsOf, type ImageManifest, imageManifest, platformOfConfig, rawBytes } from './image-manifest.ts';
import type { ManifestList } from './manifest-list.ts';

/** An image's configuration is some kilobytes. */
const MAX_CONFIG_BYTES = 8 << 20;
/** Answers that mean: not there, or not for you. */
const ABSENT = new Set(['', 'UNAUTHORIZED', 'DENIED', 'MANIFEST_UNKNOWN', 'NAME_UNKNOWN']);

/** What a name stands for: one image, or a list whose members are fetched when they are wanted. */
export type Found =
  | { kind: 'image'; manifest: ImageManifest }
  | { kind: 'list'; members: Descriptor[]; images: () => Promise<ImageManifest[]> };

export class ManifestRegistry {
  readonly #cli: Cli;
  readonly #insecure: boolean;
  readonly #transport = new Transport({ userAgent: 'tsdocker', retry: { attempts: 3, delayMillis: 500 } });
  readonly #clients = new Map<string, Promise<RepositoryClient>>();

  /** @param options.insecure certificates are not checked, and plain http will do */
  constructor(cli: Cli, options: { insecure: boolean }) {
    this.#cli = cli;
    this.#insecure = options.insecure;
  }

  async close(): Promise<void> {
    await this.#transport.close();
  }

  /** @throws StatusError */
  async find(ref: Reference): Promise<Found> {
    return await this.#absent(ref, async () => {
      const client = await this.#client(ref, 'pull');
      const fetched = await client.manifest(ref.digest ?? (ref.tag as string));
      const document = documentOf(fetched);
      if (!isList(fetched, document))
        return { kind: 'image', manifest: await this.#image(client, ref, fetched, document) };
      const members = (Array.isArray(document.manifests) ? document.manifests : []).map(parseDescriptor);
      return { kind: 'list', members, images: () => this.#members(client, ref, members) };
    });
  }

  /** @throws StatusError also when it is a list */
  async image(ref: Reference): Promise<ImageManifest> {
    const found = await this.find(ref);
    if (found.kind === 'list') throw new StatusError(1, `${referenceString(ref)} is a manifest list`);
    return found.manifest;
  }

  async #members(client: RepositoryClient, ref: Reference, members: readonly Descriptor[]): Promise<ImageManifest[]> {
    const images: ImageManifest[] = [];
    for (const { digest, platform } of members) {
      const member = { ...ref, digest };
      const fetched = await this.#absent(member, () => client.manifest(digest));
      // The list's word counts, not the configuration's.
      images.push(
        imageManifest(referenceString(member), fetched.bytes, typeOf(fetched, documentOf(fetched)), platform),
      );
    }
    return images;
  }

  async #image(
    client: RepositoryClient,
    ref: Reference,
    fetched: FetchedManifest,
    document: ManifestDocument,
  ): Promise<ImageManifest> {
    const mediaType = typeOf(fetched, document);
    if (!isManifestType(mediaType))
      throw new StatusError(1, `unsupported manifest format: ${mediaType || 'no media type'}`);
    const config = await readBlob(client, parseDescriptor(document.config));
    return imageManifest(referenceString(ref), fetched.bytes, mediaType, platformOfConfig(config));
  }

  /**
   * Puts the images' blobs and manifests into the list's repository where they come from another one, then the list.
   * @param onPushed told of each manifest that was put there
   * @returns the list's digest
   */
  async push(
    target: Reference,
    images: readonly ImageManifest[],
    list: ManifestList,
    onPushed: (ref: Reference) => void,
  ): Promise<string> {
    const client = await this.#client(target, 'pull,push');
    for (const image of images) {
      const source = parseReference(image.Ref);
      if (source.path === target.path) continue;
      const from = await this.#client(source, 'pull');
      for (const blob of blobsOf(image))
        if (!(await client.hasBlob(blob.digest))) await client.upload(blob, () => blobBytes(from, blob), source.path);
      const { digest, mediaType } = image.Descriptor;
      await client.putManifest(digest, rawBytes(image), mediaType);
      onPushed({ domain: target.domain, path: target.path, digest });
    }
    const bytes = Buffer.from(list.json);
    await client.putManifest(target.digest ?? (target.tag as string), bytes, list.mediaType);
    return sha256Of(bytes);
  }

  /** One for each repository, at the first address of its registry that answers. */
  #client(ref: Reference, actions: 'pull' | 'pull,push'): Promise<RepositoryClient> {
    const key = `${actions} ${ref.domain}/${ref.path}`;
    const known = this.#clients.get(key) ?? this.#connect(ref, actions);
    this.#clients.set(key, known);
    return known;
  }

  async #connect(ref: Reference, actions: 'pull' | 'pull,push'): Promise<RepositoryClient> {
    const auth = await credentialsFor(this.#cli.config(), serverOfDomain(ref.domain), this.#cli.env);
    const endpoints = await endpointsOf(ref.domain, { mirrors: [], insecure: this.#insecure ? [ref.domain] : [] });
    let first: ConnectionError | undefined;
    for (const endpoint of endpoints) {
      const client = new RepositoryClient({
        endpoint,
        path: ref.path,
        transport: this.#transport,
        auth,
        signal: undefined,
        actions,
      });
      try {
        await client.ping();
        return client;
      } catch (err) {
        if (!(err instanceof ConnectionError)) throw err;
        first ??= err;
      }
    }
    throw new StatusError(1, `failed to configure transport: error pinging v2 registry: ${first?.message}`);
  }

  /** Docker's one answer to all that stands between a name and its manifest. */
  async #absent<T>(ref: Reference, ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (err) {
      if (err instanceof RegistryError && ABSENT.has(err.registryCode))
        throw new StatusError(1, `no such manifest: ${referenceString(ref)}`);
      throw err;
    }
  }
}

interface ManifestDocument {
  mediaType?: unknown;
  config?: unknown;
  manifests?: unknown;
}

function documentOf({ bytes }: FetchedManifest): ManifestDocument {
  const document: unknown = JSON.parse(bytes.toString('utf8'));
  if (typeof document !== 'object' || document === null) throw new StatusError(1, 'invalid manifest: not an object');
  return document;
}

/** What the document says of itself goes before the header: its bytes are what the digest stands for. */
function typeOf(fetched: FetchedManifest, document: ManifestDocument): string {
  return typeof document.mediaType === 'string' && document.mediaType !== '' ? document.mediaType : fetched.mediaType;
}

function isList(fetched: FetchedManifest, document: ManifestDocument): boolean {
  return isIndexType(typeOf(fetched, document));
}

async function readBlob(client: RepositoryClient, blob: Descriptor): Promise<Buffer> {
  if (blob.size > MAX_CONFIG_BYTES) throw new StatusError(1, `image configuration of ${blob.size} bytes is too large`);
  const chunks: Buffer[] = [];
  for await (const chunk of blobBytes(client, blob)) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  const digest = sha256Of(bytes);
  if (digest !== blob.digest) throw new StatusError(1, `config verification failed for digest ${blob.digest}`);
  return bytes;
}

/** @throws StatusError when there are more than the descriptor says */
async function* blobBytes(client: RepositoryClient, blob: Descriptor): AsyncGenerator<Buffer> {
  const body = await client.blob(blob.digest, 0);
  let size = 0;
  for await (const chunk of body.stream) {
    size += chunk.length;
    if (size > blob.size) {
      body.cancel();
      throw new StatusError(1, `blob ${blob.digest} is longer than ${blob.size} bytes`);
    }
    yield chunk;
  }
}
