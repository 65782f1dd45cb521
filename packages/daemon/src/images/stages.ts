/**
 * What a build needs of images: layers no image names yet, trees to work in, the finished image, and the cache of steps.
 * A session keeps the collector off everything it made or found.
 */
import { randomBytes } from 'node:crypto';
import { sha256Of } from '@tsdocker/registry/sha256.ts';
import type { Digest } from '@tsdocker/shared/digest.ts';
import { DockerError } from '@tsdocker/shared/errors.ts';
import { familiarString, parseReference, referenceString, withDefaultTag } from '@tsdocker/shared/reference.ts';
import type { ImageConfig } from '@tsdocker/shared/types/image.ts';
import type { Rootfs } from '../runtime/runtime.ts';
import { packTree } from '../snapshots/pack.ts';
import { type HistoryEntry, parseConfig } from './config.ts';
import { cacheDiskUsage, layerDiskBytes } from './disk-bytes.ts';
import type { Library } from './library.ts';
import { storeManifest } from './manifest-of.ts';
import { EMPTY_LAYER, storeNewLayer } from './new-layer.ts';
import { findImage } from './resolve.ts';
import type { BuildCacheRecord } from './store.ts';
import { setName } from './variants.ts';

/** An image a stage begins with. */
export interface BaseImage {
  id: Digest;
  config: ImageConfig;
  history: HistoryEntry[];
  author?: string;
  chainIds: Digest[];
  platform: { os: string; architecture: string; variant?: string };
}

/** What becomes an image, besides its layers. */
export interface NewImage {
  config: ImageConfig;
  history: HistoryEntry[];
  author?: string;
  /** RFC 3339. */
  created: string;
  platform: { os: string; architecture: string; variant?: string };
}

/** A step's place in the cache. */
export interface CacheEntry {
  key: string;
  description: string;
}

export interface CachedStep {
  /** Base first. */
  chainIds: Digest[];
  /** RFC 3339; when it ran. */
  created: string;
}

/** A writable tree on top of layers. */
export interface StageTree {
  id: string;
  rootfs: Rootfs;
}

export interface StageSession {
  /** @throws NotFound, InvalidParameter */
  base(ref: string): Promise<BaseImage>;
  /** What a step with this key has left; undefined: it has to run. */
  cached(key: string): CachedStep | undefined;
  tree(chainIds: Digest[]): Promise<StageTree>;
  dropTree(id: string): Promise<void>;
  /** An image to run a step's container from. @returns its id */
  stageImage(chainIds: Digest[], platform: BaseImage['platform']): Promise<Digest>;
  /**
   * Makes a layer of what was changed in a tree or a container's root file system, and remembers the step.
   * @returns the chain ids with it; those below when nothing has changed
   */
  capture(id: string, below: Digest[], entry: CacheEntry, signal?: AbortSignal): Promise<CachedStep>;
  /** Remembers a step that left the file system as it was. */
  remember(entry: CacheEntry, chainIds: Digest[]): Promise<CachedStep>;
  /** @param refs complete references @returns the image's id */
  finish(image: NewImage, chainIds: Digest[], refs: readonly string[]): Promise<Digest>;
  /** Removes what was for the build alone. */
  close(): Promise<void>;
}

/** The cache's records, and sessions of builds. */
export interface StageStore {
  open(): StageSession;
  /** By key; `sizeBytes` is what the record keeps on disk; `shared`: an image or another record has the layer, too. */
  records(): Record<string, BuildCacheRecord & { shared: boolean }>;
  /** @returns bytes of the layers that are gone with the records */
  forget(keys: readonly string[]): Promise<number>;
}

export function stageStore(library: Library): StageStore {
  return {
    open: () => new Session(library),
    records: () => cacheDiskUsage(library),
    forget: async (keys) => {
      await library.store.update((draft) => {
        for (const key of keys) delete draft.buildCache?.[key];
      });
      const sizes = new Map(Object.entries(library.state.layers).map(([id, layer]) => [id, layerDiskBytes(layer)]));
      const removed = await library.collect();
      return removed.reduce((sum, id) => sum + (sizes.get(id) ?? 0), 0);
    },
  };
}

class Session implements StageSession {
  readonly #library: Library;
  readonly #releases: (() => void)[] = [];
  readonly #trees = new Set<string>();
  readonly #stages = new Map<string, Digest>();
  readonly #used = new Set<string>();

  constructor(library: Library) {
    this.#library = library;
    this.#releases.push(library.holdBlobs());
  }

  async base(ref: string): Promise<BaseImage> {
    const id = findImage(this.#library, ref);
    const record = this.#library.state.images[id];
    if (!record) throw new DockerError('NotFound', `No such image: ${ref}`);
    this.#hold(record.chainIds);
    const { config, history, author, platform } = await this.#library.config(id);
    const { os, architecture, variant } = platform;
    return {
      id,
      config,
      history,
      ...(author && { author }),
      chainIds: record.chainIds,
      platform: { os, architecture, ...(variant && { variant }) },
    };
  }

  cached(key: string): CachedStep | undefined {
    const record = this.#library.state.buildCache?.[key];
    if (!record?.chainIds.every((id) => this.#library.state.layers[id])) return undefined;
    this.#hold(record.chainIds);
    this.#used.add(key);
    return { chainIds: record.chainIds, created: record.created };
  }

  async tree(chainIds: Digest[]): Promise<StageTree> {
    const id = randomBytes(32).toString('hex');
    const layers = chainIds.map((chainId) => ({
      chainId,
      hasRoot: this.#library.state.layers[chainId]?.hasRoot ?? false,
    }));
    this.#trees.add(id);
    const rootfs = await this.#library.snapshotter.createRootfs({
      containerId: id,
      imageId: `sha256:${'0'.repeat(64)}`,
      layers,
      volatile: false,
    });
    return { id, rootfs };
  }

  async dropTree(id: string): Promise<void> {
    this.#trees.delete(id);
    await this.#library.snapshotter.removeRootfs(id);
  }

  async stageImage(chainIds: Digest[], platform: BaseImage['platform']): Promise<Digest> {
    const key = chainIds.at(-1) ?? '';
    const known = this.#stages.get(key);
    if (known) return known;
    const document = this.#document({ config: {}, history: [], created: '', platform }, chainIds);
    const id = await this.#store(document, chainIds, (draft, imageId, record) => {
      draft[imageId] ??= { ...record, stage: true };
    });
    this.#stages.set(key, id);
    return id;
  }

  async capture(id: string, below: Digest[], entry: CacheEntry, signal?: AbortSignal): Promise<CachedStep> {
    const library = this.#library;
    const { upper } = await library.snapshotter.rootfsOf(id);
    const layer = await storeNewLayer(library, packTree({ root: upper }, { whiteouts: true }), {
      parent: below.at(-1),
      signal,
    });
    this.#releases.push(layer.release);
    const isEmpty = layer.record.diffId === EMPTY_LAYER;
    const chainIds = isEmpty ? below : [...below, layer.chainId];
    await library.snapshotter.sync();
    const record = cacheRecord(entry, chainIds, isEmpty ? 0 : layer.record.sizeBytes);
    await library.store.update((draft) => {
      if (!isEmpty) draft.layers[layer.chainId] ??= layer.record;
      draft.buildCache = { ...draft.buildCache, [entry.key]: record };
    });
    return { chainIds, created: record.created };
  }

  async remember(entry: CacheEntry, chainIds: Digest[]): Promise<CachedStep> {
    const record = cacheRecord(entry, chainIds, 0);
    await this.#library.store.update((draft) => {
      draft.buildCache = { ...draft.buildCache, [entry.key]: record };
    });
    return { chainIds, created: record.created };
  }

  async finish(image: NewImage, chainIds: Digest[], refs: readonly string[]): Promise<Digest> {
    const { state } = this.#library;
    const names = refs.map((ref) => withDefaultTag(parseReference(ref)));
    const document = this.#document(image, chainIds);
    const sameId = sha256Of(document);
    const known = state.images[sameId];
    const isKnown = known !== undefined && !known.stage;
    const id = isKnown
      ? sameId
      : await this.#store(document, chainIds, (images, imageId, record) => {
          images[imageId] = { ...images[imageId], ...record };
          delete images[imageId].stage;
        });
    const now = new Date().toISOString();
    if (names.some((name) => state.references[referenceString(name)] !== id)) {
      await this.#library.store.update((draft) => {
        const record = draft.images[id];
        if (!record) throw new DockerError('NotFound', `No such image: ${id}`);
        for (const name of names) setName(draft, referenceString(name), id);
        record.lastTagTime = now;
      });
    }
    for (const name of names) await this.#library.publish('tag', id, familiarString(name), id);
    return id;
  }

  async close(): Promise<void> {
    for (const id of [...this.#trees]) await this.dropTree(id);
    const stages = [...this.#stages.values()];
    const now = new Date().toISOString();
    if (stages.length > 0) {
      await this.#library.store.update((draft) => {
        for (const id of stages) if (draft.images[id]?.stage) delete draft.images[id];
      });
    }
    if (this.#used.size > 0) {
      await this.#library.store.note((draft) => {
        for (const key of this.#used) {
          const record = draft.buildCache?.[key];
          if (!record) continue;
          record.lastUsed = now;
          record.uses += 1;
        }
      });
    }
    for (const release of this.#releases) release();
    await this.#library.collect();
  }

  #hold(chainIds: readonly Digest[]): void {
    for (const id of chainIds) this.#releases.push(this.#library.chains.leases.hold(id));
  }

  #document(image: NewImage, chainIds: readonly Digest[]): Buffer {
    const { config, history, author, created, platform } = image;
    const diffIds = chainIds.map((id) => this.#library.state.layers[id]?.diffId);
    return Buffer.from(
      JSON.stringify({
        architecture: platform.architecture,
        ...(platform.variant && { variant: platform.variant }),
        ...(author && { author }),
        config,
        ...(created && { created }),
        history,
        os: platform.os,
        rootfs: { type: 'layers', diff_ids: diffIds },
      }),
    );
  }

  async #store(
    document: Buffer,
    chainIds: Digest[],
    put: (
      images: Library['state']['images'],
      id: Digest,
      record: { manifest: Awaited<ReturnType<typeof storeManifest>>; chainIds: Digest[] },
    ) => void,
  ): Promise<Digest> {
    const library = this.#library;
    parseConfig(document);
    const stored = await library.content.put(document);
    const blobs = chainIds.map((id) => {
      const layer = library.state.layers[id];
      if (!layer) throw new DockerError('System', `layer ${id} is gone`);
      return layer.blob;
    });
    const manifest = await storeManifest(library.content, stored, blobs);
    await library.store.update((draft) => put(draft.images, stored.digest, { manifest, chainIds }));
    return stored.digest;
  }
}

function cacheRecord(entry: CacheEntry, chainIds: Digest[], sizeBytes: number) {
  const now = new Date().toISOString();
  return { chainIds, sizeBytes, description: entry.description, created: now, lastUsed: now, uses: 0 };
}
