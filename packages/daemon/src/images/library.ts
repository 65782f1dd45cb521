/**
 * What every verb of images works on: the metadata, the blobs, the unpacked layers, and what holds them together. Owns
 * the collector: a layer or blob lives while an image or a container's root file system names it, or a lease holds it.
 */
import type { Digest } from '@tsdocker/shared/digest.ts';
import { parseReference } from '@tsdocker/shared/reference.ts';
import type { ContentStore } from '../content/store.ts';
import type { EventSink } from '../events/events.ts';
import type { RootfsRecord, Snapshotter } from '../snapshots/snapshotter.ts';
import { type ParsedConfig, parseConfig } from './config.ts';
import { Guard } from './locks.ts';
import type { ImageUsers } from './service.types.ts';
import type { ImageState, ImageStore, LayerRecord } from './store.ts';

export interface LibraryParts {
  store: ImageStore;
  content: ContentStore;
  snapshotter: Snapshotter;
  users: ImageUsers;
  events: EventSink;
}

/** Held while files of unknown digest come in: no blob is collected. */
const ANY_BLOB = 'any blob';

export class Library {
  readonly store: ImageStore;
  readonly content: ContentStore;
  readonly snapshotter: Snapshotter;
  readonly users: ImageUsers;
  readonly events: EventSink;
  /**
   * By chain id; a chain's lock is taken before a blob's. Two guards and not one: an uncompressed base layer has the
   * same digest as blob, as diffID and as chain id.
   */
  readonly chains = new Guard();
  /** By digest. */
  readonly blobs = new Guard();
  /** Layers unpacked but not yet named by metadata. */
  readonly fresh = new Map<Digest, LayerRecord>();
  readonly #configs = new Map<Digest, ParsedConfig>();
  readonly #rootfs = new Map<string, RootfsRecord>();

  private constructor(parts: LibraryParts) {
    this.store = parts.store;
    this.content = parts.content;
    this.snapshotter = parts.snapshotter;
    this.users = parts.users;
    this.events = parts.events;
  }

  /** Reads what is there and removes what a crash left behind. */
  static async open(parts: LibraryParts): Promise<Library> {
    const library = new Library(parts);
    for (const id of await parts.snapshotter.listRootfs())
      library.#rootfs.set(id, await parts.snapshotter.recordOf(id));
    await library.#dropStages();
    await library.collect();
    return library;
  }

  get state(): Readonly<ImageState> {
    return this.store.state;
  }

  /** An image's configuration, parsed once. @throws NotFound when the blob is gone */
  async config(imageId: Digest): Promise<ParsedConfig> {
    const known = this.#configs.get(imageId);
    if (known) return known;
    const parsed = parseConfig(await this.content.read(imageId));
    this.#configs.set(imageId, parsed);
    return parsed;
  }

  holdBlobs(): () => void {
    return this.blobs.leases.hold(ANY_BLOB);
  }

  addRootfs(containerId: string, record: RootfsRecord): void {
    this.#rootfs.set(containerId, record);
  }

  forgetRootfs(containerId: string): void {
    this.#rootfs.delete(containerId);
  }

  rootfsIds(): string[] {
    return [...this.#rootfs.keys()];
  }

  /** Layers that containers stand on. */
  rootfsChainIds(): Digest[] {
    return [...this.#rootfs.values()].flatMap((record) => record.chainIds);
  }

  /** Bytes of an image's layers. */
  sizeOf(imageId: Digest): number {
    const { images, layers } = this.state;
    return (images[imageId]?.chainIds ?? []).reduce((sum, id) => sum + (layers[id]?.sizeBytes ?? 0), 0);
  }

  /** Publishes an image's event: its labels and its name are the attributes. */
  async publish(action: string, id: string, name: string, imageId: Digest): Promise<void> {
    const labels = (await this.config(imageId).catch(() => undefined))?.config.Labels ?? {};
    this.events.publish({ type: 'image', action, id, attributes: { ...labels, name } });
  }

  /** Of builds that a crash ended. */
  async #dropStages(): Promise<void> {
    const stages = Object.keys(this.state.images).filter((id) => this.state.images[id]?.stage);
    if (stages.length === 0) return;
    await this.store.update((draft) => {
      for (const id of stages) delete draft.images[id];
    });
  }

  #liveChains(): Set<Digest> {
    const live = new Set<Digest>();
    for (const cached of Object.values(this.state.buildCache ?? {})) for (const id of cached.chainIds) live.add(id);
    for (const image of Object.values(this.state.images)) for (const id of image.chainIds) live.add(id);
    for (const record of this.#rootfs.values()) for (const id of record.chainIds) live.add(id);
    return live;
  }

  #liveBlobs(): Set<Digest> {
    const { images, layers, references, indexes } = this.state;
    const live = new Set<Digest>(Object.values(indexes ?? {}).map((record) => record.index.digest));
    for (const [id, image] of Object.entries(images))
      for (const digest of [id, image.manifest.digest, ...(image.blobs ?? [])]) live.add(digest);
    for (const layer of Object.values(layers)) live.add(layer.blob.digest);
    for (const ref of Object.keys(references)) {
      const { digest } = parseReference(ref);
      if (digest) live.add(digest);
    }
    return live;
  }

  /** Removes every layer and blob nothing needs. @returns chain ids of removed layers, in no order */
  async collect(): Promise<Digest[]> {
    const removed: Digest[] = [];
    const live = this.#liveChains();
    const candidates = new Set([...(await this.snapshotter.listLayers()), ...Object.keys(this.state.layers)]);
    for (const chainId of candidates) {
      if (live.has(chainId) || this.chains.leases.isHeld(chainId)) continue;
      await this.chains.locks.run(chainId, async () => {
        // Somebody may have come while we waited.
        if (this.chains.leases.isHeld(chainId) || this.#liveChains().has(chainId)) return;
        // Metadata first: a directory it does not name is removed at the next start, the other way round is damage.
        if (this.state.layers[chainId]) {
          await this.store.update((draft) => {
            delete draft.layers[chainId];
          });
        }
        await this.snapshotter.removeLayer(chainId);
        this.fresh.delete(chainId);
        removed.push(chainId);
      });
    }
    await this.#collectBlobs();
    for (const id of this.#configs.keys()) if (!this.state.images[id]) this.#configs.delete(id);
    return removed;
  }

  async #collectBlobs(): Promise<void> {
    if (this.blobs.leases.isHeld(ANY_BLOB)) return;
    const live = this.#liveBlobs();
    for (const digest of await this.content.list()) {
      if (live.has(digest) || this.blobs.leases.isHeld(digest)) continue;
      await this.blobs.locks.run(digest, async () => {
        const wanted =
          this.blobs.leases.isHeld(ANY_BLOB) || this.blobs.leases.isHeld(digest) || this.#liveBlobs().has(digest);
        // No await between the look and the removal: what comes in after it is a new blob.
        if (!wanted) await this.content.remove(digest);
      });
    }
  }
}
