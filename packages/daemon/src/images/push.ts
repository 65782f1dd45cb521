/** Pushes tags of a repository: layers the registry does not have, the configuration, the manifest. @see Engine API `ImagePush` */
import { RepositoryClient } from '@tsdocker/registry/client.ts';
import { type Endpoint, endpointsOf } from '@tsdocker/registry/endpoints.ts';
import { type Descriptor, type ImageManifest, parseManifest } from '@tsdocker/registry/manifests.ts';
import { type Digest, shortId } from '@tsdocker/shared/digest.ts';
import { DockerError } from '@tsdocker/shared/errors.ts';
import { parsePlatform } from '@tsdocker/shared/platform.ts';
import {
  familiarName,
  familiarString,
  nameOf,
  parseReference,
  type Reference,
  referenceString,
  withDefaultTag,
} from '@tsdocker/shared/reference.ts';
import { pullError } from './errors.ts';
import type { Library } from './library.ts';
import { Semaphore } from './locks.ts';
import { type ItemProgress, itemProgress } from './progress.ts';
import { leadsOn, type PullDeps } from './pull.ts';
import { tagsOf } from './resolve.ts';
import type { PushOptions } from './service.types.ts';
import type { BlobInfo } from './store.ts';
import { findVariant, indexOf, isComplete } from './variants.ts';

/** Docker's max-concurrent-uploads. */
const MAX_UPLOADS = 5;

type PushDeps = Pick<PullDeps, 'library' | 'transport' | 'endpoints'>;

interface Pushed {
  name: Reference;
  id: Digest;
}

/** @throws InvalidParameter, NotFound, Unauthorized, System in Docker's words; the signal's reason */
export async function pushImage(deps: PushDeps, text: string, opts: PushOptions): Promise<void> {
  const parsed = parseReference(text);
  if (parsed.digest) throw new DockerError('InvalidParameter', 'cannot push a digest reference');
  opts.progress({ status: `The push refers to repository [${nameOf(parsed)}]` });
  const wanted = imagesOf(deps.library, parsed, opts.allTags ?? false);
  const endpoints = (await endpointsOf(parsed.domain, deps.endpoints)).filter((endpoint) => !endpoint.mirror);
  let last: unknown;
  for (const endpoint of endpoints) {
    try {
      for (const image of wanted) await pushTag(deps, endpoint, image, opts);
      return;
    } catch (err) {
      opts.signal?.throwIfAborted();
      last = err;
      if (!leadsOn(err, endpoint)) break;
    }
  }
  throw pullError(last, parsed);
}

/** @throws NotFound */
function imagesOf(library: Library, ref: Reference, all: boolean): Pushed[] {
  const { references } = library.state;
  if (!all) {
    const name = withDefaultTag(ref);
    const id = references[referenceString(name)];
    if (id) return [{ name, id }];
  } else {
    const found = tagsOf(library, ref);
    if (found.length > 0) return found;
  }
  throw new DockerError('NotFound', `An image does not exist locally with the tag: ${familiarName(ref)}`);
}

async function pushTag(deps: PushDeps, endpoint: Endpoint, { name, id }: Pushed, opts: PushOptions): Promise<void> {
  const { library } = deps;
  const client = new RepositoryClient({
    endpoint,
    path: name.path,
    transport: deps.transport,
    auth: opts.auth,
    signal: opts.signal,
    actions: 'pull,push',
  });
  await client.ping();
  const typed = referenceString(name);
  const index = opts.platform ? undefined : indexOf(library, typed);
  const whole = index && (await isComplete(library, index)) ? index : undefined;
  const wanted = opts.platform ? await findVariant(library, typed, parsePlatform(opts.platform)) : id;
  if (whole) for (const image of Object.keys(whole.images)) await pushOne(library, client, name, image, opts, false);
  const pushed = whole
    ? await pushIndex(library, client, name, whole.index)
    : await pushOne(library, client, name, wanted, opts, true);
  await library.store.update((draft) => {
    const byDigest = referenceString({ domain: name.domain, path: name.path, digest: pushed.digest });
    if (!draft.images[wanted]) return;
    draft.references[byDigest] = wanted;
    if (whole) draft.indexes = { ...draft.indexes, [byDigest]: structuredClone(whole) };
  });
  opts.progress({ status: `${name.tag}: digest: ${pushed.digest} size: ${pushed.size}` });
  opts.progress({ progressDetail: {}, aux: { Tag: name.tag, Digest: pushed.digest, Size: pushed.size } });
  await library.publish('push', wanted, familiarString(name), wanted);
}

/** Its manifest goes under the tag, or under its digest alone. @returns the manifest */
async function pushOne(
  library: Library,
  client: RepositoryClient,
  name: Reference,
  id: Digest,
  opts: PushOptions,
  tagged: boolean,
): Promise<BlobInfo> {
  const record = library.state.images[id];
  if (!record) throw new DockerError('NotFound', `No such image: ${id}`);
  const bytes = await library.content.read(record.manifest.digest);
  const manifest = parseManifest(bytes, record.manifest.mediaType);
  if (manifest.kind !== 'image') throw new DockerError('System', `manifest of ${id} is none of an image`);
  const releases = [record.manifest, manifest.config, ...manifest.layers].map(({ digest }) =>
    library.blobs.leases.hold(digest),
  );
  try {
    await pushLayers(library, client, name, manifest, record.chainIds, opts);
    if (!(await client.hasBlob(manifest.config.digest)))
      await client.upload(manifest.config, () => library.content.stream(manifest.config.digest));
    const { digest, mediaType } = record.manifest;
    await client.putManifest(tagged ? (name.tag as string) : digest, bytes, mediaType);
    return { digest, mediaType, size: bytes.length };
  } finally {
    for (const release of releases) release();
  }
}

async function pushIndex(
  library: Library,
  client: RepositoryClient,
  name: Reference,
  index: BlobInfo,
): Promise<BlobInfo> {
  await client.putManifest(name.tag as string, await library.content.read(index.digest), index.mediaType);
  return index;
}

async function pushLayers(
  library: Library,
  client: RepositoryClient,
  name: Reference,
  manifest: ImageManifest,
  chainIds: readonly Digest[],
  opts: PushOptions,
): Promise<void> {
  const uploads = new Semaphore(MAX_UPLOADS);
  // The topmost first, as they are listed; one that stands in an image twice goes once.
  const layers = manifest.layers.map((layer, i) => ({ layer, chainId: chainIds[i] })).reverse();
  const unique = layers.filter(({ layer }, i) => layers.findIndex((l) => l.layer.digest === layer.digest) === i);
  const items = unique.map(({ layer, chainId }) => {
    const diffId = (chainId && library.state.layers[chainId]?.diffId) || layer.digest;
    return { layer, item: itemProgress(opts.progress, shortId(diffId)) };
  });
  for (const { item } of items) item.state('Preparing');
  await Promise.all(
    items.map(({ layer, item }) => uploads.run(() => pushLayer(library, client, name, layer, item, opts.signal))),
  );
}

async function pushLayer(
  library: Library,
  client: RepositoryClient,
  name: Reference,
  layer: Descriptor,
  item: ItemProgress,
  signal: AbortSignal | undefined,
): Promise<void> {
  signal?.throwIfAborted();
  if (await client.hasBlob(layer.digest)) return item.state('Layer already exists');
  const from = otherRepository(library, name, layer.digest);
  async function* counted(): AsyncGenerator<Buffer> {
    let sent = 0;
    for await (const chunk of library.content.stream(layer.digest)) {
      signal?.throwIfAborted();
      sent += chunk.length;
      item.amount('Pushing', sent, layer.size);
      yield chunk;
    }
  }
  const { mounted } = await client.upload(layer, counted, from);
  item.state(mounted ? `Mounted from ${from}` : 'Pushed');
}

/** A repository of the same registry that is known to hold an image with this layer. */
function otherRepository(library: Library, name: Reference, blob: Digest): string | undefined {
  const { images, layers, references } = library.state;
  for (const [text, id] of Object.entries(references)) {
    const other = parseReference(text);
    if (!other.digest || other.domain !== name.domain || other.path === name.path) continue;
    if (images[id]?.chainIds.some((chainId) => layers[chainId]?.blob.digest === blob)) return other.path;
  }
  return undefined;
}
