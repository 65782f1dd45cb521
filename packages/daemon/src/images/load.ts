/**
 * Loads images from an archive: `docker save`'s manifest.json, or else an OCI layout's index.json. Every layer's content
 * is checked against the configuration, every OCI blob against its name. @see Engine API `ImageLoad`
 */
import { type Descriptor, type ImageIndex, type ImageManifest, parseManifest } from '@tsdocker/registry/manifests.ts';
import { isIndexType } from '@tsdocker/registry/media-types.ts';
import { type Digest, shortId } from '@tsdocker/shared/digest.ts';
import { DockerError } from '@tsdocker/shared/errors.ts';
import { type Platform, parsePlatform } from '@tsdocker/shared/platform.ts';
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
import { type Origin, serves, setName } from './variants.ts';

const MAX_INDEX_DEPTH = 3;
/** Of an entry that does not say. */
const UNKNOWN: Platform = { os: '', architecture: '' };

export interface LoadOptions {
  quiet: boolean;
  progress: ProgressSink;
  /** Of an index only these; undefined or empty: all that are in the archive. */
  platforms?: readonly string[];
  signal?: AbortSignal;
}

interface LoadableImage {
  /** One, or of an index one a platform. */
  images: { image: NewImage; origin?: Origin }[];
  names: Reference[];
}

/** @throws InvalidParameter for an archive that is none; System when content is not what it should be */
export async function loadImages(library: Library, source: AsyncIterable<Buffer>, opts: LoadOptions): Promise<void> {
  const release = library.holdBlobs();
  try {
    const archive = await ImageArchive.read(library.content, source, opts.signal);
    const platforms = (opts.platforms ?? []).map((text) => parsePlatform(text));
    for (const loadable of await readImages(library, archive, platforms)) await loadOne(library, loadable, opts);
  } finally {
    release();
    // What the archive held beside its images.
    await library.collect();
  }
}

async function readImages(
  library: Library,
  archive: ImageArchive,
  platforms: readonly Platform[],
): Promise<LoadableImage[]> {
  const [saved, layout] = [archive.find('manifest.json'), archive.find('index.json')];
  const index = layout && readIndex(await archive.bytes(layout));
  // Docker's own list has one platform of an image, and is what old archives and new ones have.
  const hasIndexes = index?.manifests.some((entry) => isIndexType(entry.mediaType));
  if (saved && !hasIndexes) return await readSaved(library, archive, await archive.json(saved));
  if (index) return await readLayout(archive, index, platforms);
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
  return { images: [{ image: { id: configBlob.digest, config, manifest, layers } }], names };
}

/** @throws InvalidParameter */
function readIndex(bytes: Buffer): ImageIndex {
  const index = parseManifest(bytes, '');
  if (index.kind !== 'index') throw new DockerError('InvalidParameter', 'invalid archive: index.json is not an index');
  return index;
}

/** OCI layout: an entry of index.json is an image, or an index of one image for several platforms. */
async function readLayout(
  archive: ImageArchive,
  index: ImageIndex,
  platforms: readonly Platform[],
): Promise<LoadableImage[]> {
  const loadable = await Promise.all(
    index.manifests.map(async (entry) => ({
      names: namesOf(entry),
      images: await readEntry(archive, entry, platforms),
    })),
  );
  const found = loadable.filter(({ images }) => images.length > 0);
  if (found.length === 0) throw new DockerError('InvalidParameter', 'invalid archive: no image for this platform');
  return found;
}

/** An image, or those of an index that are in the archive; an index names others, too. */
async function readEntry(
  archive: ImageArchive,
  entry: Descriptor,
  platforms: readonly Platform[],
  depth = 0,
): Promise<LoadableImage['images']> {
  if (depth > MAX_INDEX_DEPTH) throw new DockerError('InvalidParameter', 'invalid archive: indexes nest too deep');
  const blob = archive.requireBlob(entry.digest);
  const manifest = parseManifest(await archive.bytes(blob), entry.mediaType);
  if (manifest.kind === 'image') return [{ image: await newImage(archive, entry, blob.size, manifest) }];
  const index = { digest: entry.digest, size: blob.size, mediaType: manifest.mediaType || entry.mediaType };
  const wanted = manifest.manifests.filter(
    ({ digest, platform = UNKNOWN }) =>
      (platform.os === 'linux' || platform === UNKNOWN) &&
      (platform === UNKNOWN || serves(platforms, platform)) &&
      archive.find(`blobs/${digest.replace(':', '/')}`),
  );
  const found = await Promise.all(wanted.map((child) => readEntry(archive, child, platforms, depth + 1)));
  return found.flat().map(({ image }) => ({
    image,
    origin: { index, manifest: image.manifest.digest, platform: image.config.platform },
  }));
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

async function loadOne(library: Library, { images, names }: LoadableImage, opts: LoadOptions): Promise<void> {
  const { state } = library;
  const ids = images.map(({ image }) => image.id);
  const before = names
    .map((name) => [name, state.references[referenceString(name)]] as const)
    .filter(([, old]) => old !== undefined && !ids.includes(old));
  for (const { image, origin } of images) {
    await registerImage(library, image, {
      source: async () => {
        throw new DockerError('System', 'invalid archive: a layer is missing');
      },
      progressOf: (layer) => loadProgress(opts, layer.diffId),
      signal: opts.signal,
      name: (draft) => {
        for (const name of names) setName(draft, referenceString(name), image.id, origin);
      },
    });
  }
  for (const [name, old] of before) {
    const stream = `The image ${familiarString(name)} already exists, renaming the old one with ID ${old} to empty string\n`;
    opts.progress({ stream });
  }
  for (const name of names) opts.progress({ stream: `Loaded image: ${familiarString(name)}\n` });
  for (const id of ids) {
    if (names.length === 0) opts.progress({ stream: `Loaded image ID: ${id}\n` });
    await library.publish('load', id, id, id);
  }
}

/** Docker shows one bar a layer, named by its diffID, and nothing for layers that are there already. */
function loadProgress(opts: LoadOptions, diffId: Digest): ItemProgress {
  if (opts.quiet) return { state: () => {}, amount: () => {} };
  const item = itemProgress(opts.progress, shortId(diffId));
  return { state: () => {}, amount: (_status, current, total) => item.amount('Loading layer', current, total) };
}
