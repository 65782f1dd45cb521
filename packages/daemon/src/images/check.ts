/**
 * Checks that what the image store names is there and is what it is named by: every blob is read against its digest, every
 * unpacked layer is there in full, every name leads to an image. Reads only. What nothing names is no damage: the next
 * start removes it.
 */
import { join } from 'node:path';
import { parseManifest } from '@tsdocker/registry/manifests.ts';
import type { Digest } from '@tsdocker/shared/digest.ts';
import { parseReference } from '@tsdocker/shared/reference.ts';
import { ContentStore } from '../content/store.ts';
import { checkSnapshots } from '../snapshots/check.ts';
import { chainIdsOf, parseConfig } from './config.ts';
import { type ImageState, ImageStore } from './store.ts';

export interface StoreReport {
  images: number;
  layers: number;
  blobs: number;
  /** Of blobs and unpacked layers. */
  bytes: number;
  /** One line for each thing that is wrong. */
  damage: string[];
  /** What nothing names: of work that was interrupted. */
  leftovers: string[];
}

/** @throws Error when the store's document cannot be read @see the daemon's `--check-store` */
export async function checkStore(dataRoot: string): Promise<StoreReport> {
  const state = await ImageStore.read(join(dataRoot, 'image/store.json'));
  const content = ContentStore.at(join(dataRoot, 'content'));
  const check = new Check(state, content);
  await check.images();
  check.names();
  await check.blobs();
  await check.layers(dataRoot);
  return check.report;
}

class Check {
  readonly report: StoreReport;
  readonly #state: ImageState;
  readonly #content: ContentStore;
  readonly #wantedBlobs = new Map<Digest, number | undefined>();
  readonly #wantedLayers = new Map<Digest, string>();

  constructor(state: ImageState, content: ContentStore) {
    this.#state = state;
    this.#content = content;
    const [images, layers] = [Object.keys(state.images).length, Object.keys(state.layers).length];
    this.report = { images, layers, blobs: 0, bytes: 0, damage: [], leftovers: [] };
  }

  async images(): Promise<void> {
    for (const [id, image] of Object.entries(this.#state.images)) {
      for (const chainId of image.chainIds) this.#wantedLayers.set(chainId, `image ${id}`);
      this.#wantedBlobs.set(id, undefined);
      this.#wantedBlobs.set(image.manifest.digest, image.manifest.size);
      await this.#image(id).catch((err: Error) => this.report.damage.push(`image ${id}: ${err.message}`));
    }
  }

  /** @throws Error when configuration, manifest and record do not belong together */
  async #image(id: Digest): Promise<void> {
    const image = this.#state.images[id];
    if (!image) return;
    const config = parseConfig(await this.#content.read(id));
    const chainIds = chainIdsOf(config.diffIds);
    if (chainIds.join() !== image.chainIds.join()) throw new Error('its layers are not those of its configuration');
    // Of a step of a build: it has no manifest of its own yet.
    if (image.stage) return;
    const manifest = parseManifest(await this.#content.read(image.manifest.digest), image.manifest.mediaType);
    if (manifest.kind !== 'image' || manifest.config.digest !== id)
      throw new Error(`manifest ${image.manifest.digest} is of another image`);
    for (const { digest, size } of manifest.layers) this.#wantedBlobs.set(digest, size);
    if (manifest.layers.length !== chainIds.length) throw new Error('its manifest has another number of layers');
  }

  names(): void {
    const { images, references, layers, buildCache, indexes } = this.#state;
    for (const [name, id] of Object.entries(references)) {
      const { digest } = parseReference(name);
      if (digest) this.#wantedBlobs.set(digest, this.#wantedBlobs.get(digest));
      if (!images[id]) this.report.damage.push(`name ${name}: there is no image ${id}`);
    }
    for (const [name, record] of Object.entries(indexes ?? {})) {
      this.#wantedBlobs.set(record.index.digest, record.index.size);
      if (!references[name]) this.report.damage.push(`index of ${name}: there is no such name`);
      for (const id of Object.keys(record.images))
        if (!images[id]) this.report.damage.push(`index of ${name}: there is no image ${id}`);
    }
    for (const { chainIds, description } of Object.values(buildCache ?? {}))
      for (const chainId of chainIds) this.#wantedLayers.set(chainId, `build cache "${description}"`);
    for (const { blob } of Object.values(layers)) this.#wantedBlobs.set(blob.digest, blob.size);
  }

  async blobs(): Promise<void> {
    const there = new Set(await this.#content.list());
    for (const [digest, size] of this.#wantedBlobs) {
      if (!there.has(digest)) {
        this.report.damage.push(`blob ${digest} is missing`);
        continue;
      }
      const found = await this.#content.measure(digest);
      this.report.blobs++;
      this.report.bytes += found.size;
      if (found.digest !== digest) this.report.damage.push(`blob ${digest} holds ${found.digest}`);
      else if (size !== undefined && found.size !== size)
        this.report.damage.push(`blob ${digest} has ${found.size} bytes, not ${size}`);
    }
    for (const digest of there) if (!this.#wantedBlobs.has(digest)) this.report.leftovers.push(`blob ${digest}`);
    for (const name of await this.#content.unfinished()) this.report.leftovers.push(`unfinished blob ${name}`);
  }

  async layers(dataRoot: string): Promise<void> {
    const { layers } = this.#state;
    for (const [chainId, user] of this.#wantedLayers)
      if (!layers[chainId]) this.report.damage.push(`layer ${chainId} of ${user} is not in the store`);
    const found = await checkSnapshots(dataRoot, new Map(Object.entries(layers)));
    for (const chainId of found.rootfsChainIds) this.#wantedLayers.set(chainId, 'a container');
    for (const chainId of Object.keys(layers))
      if (!this.#wantedLayers.has(chainId)) this.report.leftovers.push(`layer ${chainId}`);
    this.report.bytes += found.bytes;
    this.report.damage.push(...found.damage);
    this.report.leftovers.push(...found.leftovers);
  }
}
