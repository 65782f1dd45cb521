/**
 * The image domain. Owns `<data-root>/image/store.json` (what images there are and their names), `<data-root>/content`
 * (blobs as pushed) and `<data-root>/overlay2` (unpacked layers, containers' root file systems). Metadata changes run one
 * at a time in the store; a layer or blob being fetched is guarded by a lock on its digest; leases keep the collector off
 * what no metadata names yet. After a crash, opening removes what was being made and what nothing names.
 */
import { join } from 'node:path';
import { type RetryPolicy, Transport } from '@tsdocker/registry/transport.ts';
import type { Digest } from '@tsdocker/shared/digest.ts';
import { DockerError, isInvalidParameter, isNotFound } from '@tsdocker/shared/errors.ts';
import {
  familiarName,
  familiarString,
  parseReference,
  referenceString,
  withDefaultTag,
  withTag,
} from '@tsdocker/shared/reference.ts';
import { ContentStore } from '../content/store.ts';
import type { EventSink } from '../events/events.ts';
import { OverlaySnapshotter } from '../snapshots/overlay.ts';
import { commitContainer } from './commit.ts';
import { imagesDiskUsage } from './disk-bytes.ts';
import { importImage } from './import.ts';
import { imageHistory, inspectImage } from './inspect.ts';
import { Library } from './library.ts';
import { listImages } from './list.ts';
import { loadImages } from './load.ts';
import { Semaphore } from './locks.ts';
import { pullImage } from './pull.ts';
import { pushImage } from './push.ts';
import { pruneImages, removeImage } from './remove.ts';
import { findImage } from './resolve.ts';
import { resolveImage } from './resolve-image.ts';
import { saveImages } from './save.ts';
import type { ImageService, ImageUsers } from './service.types.ts';
import { type StageStore, stageStore } from './stages.ts';
import { ImageStore } from './store.ts';
import { indexOf, setName, variantsOf } from './variants.ts';

export interface ImageServiceOptions {
  /** Absolute. */
  dataRoot: string;
  /** Origins tried before the hub for docker.io, in order. */
  registryMirrors: readonly string[];
  /** `host`, `host:port` or CIDR that may be spoken to without certificates. */
  insecureRegistries: readonly string[];
  users: ImageUsers;
  events: EventSink;
  /** Told what goes wrong in the background. */
  log: { warn(message: string, fields?: Record<string, unknown>): void };
  /** At once, over all pulls. Default 3. */
  maxConcurrentDownloads?: number;
  /** Default `tsdocker`. */
  userAgent?: string;
  /** Requests the registry is too busy for. Default 4 tries, from half a second on. */
  requestRetry?: RetryPolicy;
  /** Broken downloads. Default 5 tries, 5 seconds longer each. */
  downloadRetry?: RetryPolicy;
}

/** Opens what is below dataRoot, recovering from a crash. */
export async function createImageService(opts: ImageServiceOptions): Promise<ImageService & { stages: StageStore }> {
  const snapshotter = await OverlaySnapshotter.open({
    dataRoot: opts.dataRoot,
    onError: (err) => opts.log.warn('cannot delete a removed tree', { error: (err as Error).message }),
  });
  const content = await ContentStore.open(join(opts.dataRoot, 'content'));
  const store = await ImageStore.open(join(opts.dataRoot, 'image/store.json'));
  const library = await Library.open({ store, content, snapshotter, users: opts.users, events: opts.events });
  const transport = new Transport({
    userAgent: opts.userAgent ?? 'tsdocker',
    retry: opts.requestRetry ?? { attempts: 4, delayMillis: 500 },
  });
  const pulls = {
    library,
    transport,
    downloads: new Semaphore(opts.maxConcurrentDownloads ?? 3),
    endpoints: { mirrors: opts.registryMirrors, insecure: opts.insecureRegistries },
    downloadRetry: opts.downloadRetry ?? { attempts: 5, delayMillis: 5000 },
  };
  const status = await snapshotter.status();

  return {
    pull: (ref, options) => pullImage(pulls, ref, options),
    push: (ref, options) => pushImage(pulls, ref, options),
    load: (archive, options) => loadImages(library, archive, options),
    save: (refs, options, write) => saveImages(library, refs, options.platforms, write),
    import: (archive, options) => importImage(library, archive, options),
    commit: (options) => commitContainer(library, options),
    list: (options) => listImages(library, options),
    inspect: (ref, options) => inspectImage(library, ref, options),
    history: (ref, options) => imageHistory(library, ref, options?.platform),
    tag: (ref, repository, tag) => tagImage(library, ref, repository, tag),
    remove: (ref, options) => removeImage(library, ref, options),
    prune: ({ filters }) => pruneImages(library, filters),
    means: (ref, imageId) => means(library, ref, imageId),
    resolve: (ref, options) => resolveImage(library, ref, options?.platform),
    diskUsage: () => imagesDiskUsage(library),
    count: () => Object.values(library.state.images).filter((image) => !image.stage).length,
    prepareRootfs: (containerId, imageId, { volatile }) => prepareRootfs(library, containerId, imageId, volatile),
    rootfsOf: (containerId) => snapshotter.rootfsOf(containerId),
    removeRootfs: (containerId) => removeRootfs(library, containerId),
    keepRootfs: async (containerIds) => {
      for (const id of library.rootfsIds()) if (!containerIds.has(id)) await removeRootfs(library, id);
    },
    rootfsUsage: async (containerId) => {
      const [rwBytes, { chainIds }] = await Promise.all([
        snapshotter.rootfsBytes(containerId),
        snapshotter.recordOf(containerId),
      ]);
      const layers = chainIds.reduce((sum, id) => sum + (library.state.layers[id]?.sizeBytes ?? 0), 0);
      return { rwBytes, totalBytes: rwBytes + layers };
    },
    driver: { name: snapshotter.name, status },
    stages: stageStore(library),
    close: async () => {
      await transport.close();
      await snapshotter.close();
    },
  };
}

/** False also for what is no name. */
function means(library: Library, ref: string, imageId: Digest): boolean {
  try {
    return variantsOf(library, ref).includes(imageId);
  } catch (err) {
    if (isNotFound(err) || isInvalidParameter(err)) return false;
    throw err;
  }
}

/** @throws NotFound; InvalidParameter for names that cannot be tagged */
async function tagImage(library: Library, ref: string, repository: string, tag: string | undefined): Promise<void> {
  const id = findImage(library, ref);
  const named = parseReference(repository);
  if (named.digest) throw new DockerError('InvalidParameter', 'refusing to create a tag with a digest reference');
  if (familiarName(named) === 'sha256') {
    throw new DockerError('InvalidParameter', 'refusing to create an ambiguous tag using digest algorithm as name');
  }
  const target = tag ? withTag(named, tag) : withDefaultTag(named);
  const index = indexOf(library, ref);
  await library.store.update((draft) => {
    const image = draft.images[id];
    if (!image) throw new DockerError('NotFound', `No such image: ${ref}`);
    setName(draft, referenceString(target), id);
    // The name of an index goes on standing for all of it.
    if (index) draft.indexes = { ...draft.indexes, [referenceString(target)]: structuredClone(index) };
    image.lastTagTime = new Date().toISOString();
  });
  await library.publish('tag', id, familiarString(target), id);
}

async function prepareRootfs(library: Library, containerId: string, imageId: Digest, volatile: boolean) {
  const record = library.state.images[imageId];
  if (!record) throw new DockerError('NotFound', `No such image: ${imageId}`);
  const layers = record.chainIds.map((chainId) => ({
    chainId,
    hasRoot: library.state.layers[chainId]?.hasRoot ?? false,
  }));
  // Noted before the first await: an image removed meanwhile leaves its layers to the container.
  library.addRootfs(containerId, { imageId, chainIds: record.chainIds });
  try {
    return await library.snapshotter.createRootfs({ containerId, imageId, layers, volatile });
  } catch (err) {
    library.forgetRootfs(containerId);
    throw err;
  }
}

/** Layers that only this container held go, too. */
async function removeRootfs(library: Library, containerId: string): Promise<void> {
  const record = await library.snapshotter.recordOf(containerId).catch(() => undefined);
  await library.snapshotter.removeRootfs(containerId);
  library.forgetRootfs(containerId);
  if (record && !library.state.images[record.imageId]) await library.collect();
}
