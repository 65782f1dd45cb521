/**
 * Loads images from an archive: `docker save`'s manifest.json, or else an OCI layout's index.json. Every layer's content
 * is checked against the configuration, every OCI blob against its name. @see Engine API `ImageLoad`
 */

import { type Descriptor, type ImageManifest, parseManifest, selectManifest } from '@tsdocker/registry/manifests.ts';
import { type Digest, shortId } from '@tsdocker/shared/digest.ts';
import { DockerError } from '@tsdocker/shared/errors.ts';
import { hostPlatform, type Platform, parsePlatform } from '@tsdocker/shared/platform.ts';
import {
  familiarString,
  parseReference,
  type Reference,
  referenceString,
  withDefaultTag,
} from '@tsdocker/shared/reference.ts';
import { ImageArchive } from './archive.ts';
import { parseConfig } from './config.ts';
import type { Library } from './library.ts';
import { layerBlob, layerDescriptor, storeManifest } from './manifest-of.ts';
import { type ItemProgress, itemProgress } from './progress.ts';
import { type NewImage, registerImage } from './register.ts';
import type { ProgressSink } from './service.types.ts';

export interface LoadOptions {
  quiet: boolean;
  progress: ProgressSink;
  platform?: string;
  signal?: AbortSignal;
}

interface LoadableImage {
  image: NewImage;
  names: Reference[];
}

/** @throws InvalidParameter for an archive that is none; System when content is not what it should be */
export async function loadImages(library: Library, source: AsyncIterable<Buffer>, opts: LoadOptions): Promise<void> {
  const release = library.holdBlobs();
  try {
    const archive = await ImageArchive.read(library.content, source, opts.signal);
    const platform = opts.platform ? parsePlatform(opts.platform) : hostPlatform();
    for (const loadable of await readImages(library, archive, platform)) await loadOne(library, loadable, opts);
  } finally {
    release();
    // What the archive held beside its images.
    await library.collect();
  }
}

async function readImages(library: Library, archive: ImageArchive, platform: Platform): Promise<LoadableImage[]> {
  const manifest = archive.find('manifest.json');
  if (manifest) return await readSaved(library, archive, await archive.json(manifest));
  const index = archive.find('index.json');
  if (index) return await readLayout(archive, await archive.bytes(index), platform);
  throw new DockerError('InvalidParameter', 'invalid archive: does not contain a manifest.json');
}

/** docker-save: one entry an image. */
async function readSaved(library: Library, archive: ImageArchive, json: unknown): Promise<LoadableImage[]> {
  if (!Array.isArray(json)) throw new DockerError('InvalidParameter', 'invalid archive: manifest.json is not a list');
  return await Promise.all(json.map((entry) => readSavedImage(library, archive, entry as Record<string, unknown>)));
}

async function readSavedImage(
  library: Library,
  archive: ImageArchive,
  entry: Record<string, unknown>,
): Promise<LoadableImage> {
  const { Config, Layers, RepoTags } = entry ?? {};
  const isStrings = (v: unknown): v is string[] => Array.isArray(v) && v.every((s) => typeof s === 'string');
  if (
    typeof Config !== 'string' ||
    !isStrings(Layers) ||
    !(RepoTags === undefined || RepoTags === null || isStrings(RepoTags))
  ) {
    throw new DockerError('InvalidParameter', 'invalid archive: bad entry in manifest.json');
  }
  const configBlob = archive.require(Config);
  const config = parseConfig(await archive.bytes(configBlob));
  if (Layers.length !== config.diffIds.length) {
    throw new DockerError(
      'InvalidParameter',
      `invalid manifest, layers length mismatch: expected ${Layers.length}, got ${config.diffIds.length}`,
    );
  }
  const { content } = library;
  const layers = await Promise.all(
    Layers.map(async (name) => layerDescriptor(content, await layerBlob(content, archive.require(name)))),
  );
  const manifest = await storeManifest(content, configBlob, layers);
  const names = (RepoTags ?? []).map((name) => withDefaultTag(parseReference(name)));
  return { image: { id: configBlob.digest, config, manifest, layers }, names };
}

/** OCI layout: an entry of index.json is an image, or an index of one image for several platforms. */
async function readLayout(archive: ImageArchive, bytes: Buffer, platform: Platform): Promise<LoadableImage[]> {
  const index = parseManifest(bytes, '');
  if (index.kind !== 'index') throw new DockerError('InvalidParameter', 'invalid archive: index.json is not an index');
  const loadable = await Promise.all(index.manifests.map((entry) => readLayoutImage(archive, entry, platform)));
  const found = loadable.filter((l) => l !== undefined);
  if (found.length === 0) throw new DockerError('InvalidParameter', 'invalid archive: no image for this platform');
  return found;
}

async function readLayoutImage(
  archive: ImageArchive,
  entry: Descriptor,
  platform: Platform,
): Promise<LoadableImage | undefined> {
  const names = namesOf(entry);
  let descriptor = entry;
  for (let depth = 0; depth < 4; depth++) {
    const blob = archive.requireBlob(descriptor.digest);
    const manifest = parseManifest(await archive.bytes(blob), descriptor.mediaType);
    if (manifest.kind === 'image') return { image: await newImage(archive, descriptor, blob.size, manifest), names };
    const selected = selectManifest(manifest, platform);
    if (!selected) return undefined;
    descriptor = selected;
  }
  throw new DockerError('InvalidParameter', 'invalid archive: indexes nest too deep');
}

async function newImage(
  archive: ImageArchive,
  descriptor: Descriptor,
  size: number,
  manifest: ImageManifest,
): Promise<NewImage> {
  const config = parseConfig(await archive.bytes(archive.requireBlob(manifest.config.digest)));
  for (const layer of manifest.layers) archive.requireBlob(layer.digest);
  return {
    id: manifest.config.digest,
    config,
    layers: manifest.layers,
    manifest: { digest: descriptor.digest, size, mediaType: manifest.mediaType || descriptor.mediaType },
  };
}

/** containerd's annotation has the complete name; the OCI one is only a tag, or a whole name when it says so. */
function namesOf(entry: Descriptor): Reference[] {
  const full = entry.annotations?.['io.containerd.image.name'];
  if (full !== undefined) return [withDefaultTag(parseReference(full))];
  const name = entry.annotations?.['org.opencontainers.image.ref.name'];
  return name !== undefined && /[/:]/.test(name) ? [withDefaultTag(parseReference(name))] : [];
}

async function loadOne(library: Library, { image, names }: LoadableImage, opts: LoadOptions): Promise<void> {
  const { state } = library;
  const moved = names.filter((n) => (state.references[referenceString(n)] ?? image.id) !== image.id);
  const before = moved.map((n) => [n, state.references[referenceString(n)]] as const);
  await registerImage(library, image, {
    source: async () => {
      throw new DockerError('System', 'invalid archive: a layer is missing');
    },
    progressOf: (layer) => loadProgress(opts, layer.diffId),
    signal: opts.signal,
    name: (draft) => {
      for (const name of names) draft.references[referenceString(name)] = image.id;
    },
  });
  for (const [name, old] of before) {
    const stream = `The image ${familiarString(name)} already exists, renaming the old one with ID ${old} to empty string\n`;
    opts.progress({ stream });
  }
  for (const name of names) opts.progress({ stream: `Loaded image: ${familiarString(name)}\n` });
  if (names.length === 0) opts.progress({ stream: `Loaded image ID: ${image.id}\n` });
  await library.publish('load', image.id, image.id, image.id);
}

/** Docker shows one bar a layer, named by its diffID, and nothing for layers that are there already. */
function loadProgress(opts: LoadOptions, diffId: Digest): ItemProgress {
  if (opts.quiet) return { state: () => {}, amount: () => {} };
  const item = itemProgress(opts.progress, shortId(diffId));
  return { state: () => {}, amount: (_status, current, total) => item.amount('Loading layer', current, total) };
}
