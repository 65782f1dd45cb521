/**
 * Images as one archive: an OCI layout that is at the same time what docker has always loaded. Blobs go out as they came in,
 * so that loading gives the same digests. @see Engine API `ImageGetAll`, OCI image-layout.md
 */
import { type ImageManifest, parseManifest } from '@tsdocker/registry/manifests.ts';
import { OCI_INDEX } from '@tsdocker/registry/media-types.ts';
import { type Digest, hexOf } from '@tsdocker/shared/digest.ts';
import { DockerError } from '@tsdocker/shared/errors.ts';
import { type Platform, parsePlatform } from '@tsdocker/shared/platform.ts';
import { familiarString, parseAnyReference, type Reference, referenceString } from '@tsdocker/shared/reference.ts';
import { TAR_END, tarFile, tarHeader, tarPadding } from '@tsdocker/shared/tar-header.ts';
import type { Library } from './library.ts';
import { findImage, tagsOf } from './resolve.ts';
import type { BlobInfo } from './store.ts';
import { findVariant, indexOf, variantsOf } from './variants.ts';

/** The same images give the same bytes. */
const PUBLIC = { uid: 0, gid: 0, mtimeNanos: 0n };

/** @throws NotFound, InvalidParameter before the first byte */
export async function saveImages(
  library: Library,
  refs: readonly string[],
  platforms: readonly string[] | undefined,
  write: (chunk: Buffer) => Promise<boolean>,
): Promise<void> {
  const plan = await planSave(
    library,
    refs,
    (platforms ?? []).map((text) => parsePlatform(text)),
  );
  try {
    for await (const chunk of saveArchive(library, plan)) if (!(await write(chunk))) return;
  } finally {
    plan.release();
  }
  for (const { id, names } of plan.images)
    await library.publish('save', id, names[0] ? familiarString(names[0]) : id, id);
}

interface SavedImage {
  id: Digest;
  /** As it was asked for. */
  typed: string;
  names: Reference[];
}

interface SavePlan {
  images: SavedImage[];
  /** In the order they are written. */
  blobs: { digest: Digest; size: number }[];
  documents: { name: string; content: Buffer }[];
  /** The blobs may be collected from then on. */
  release(): void;
}

/**
 * Looks everything up and keeps it from the collector.
 * @param refs as typed; a name without a tag means all of its tags
 * @throws NotFound, InvalidParameter
 */
async function planSave(library: Library, refs: readonly string[], platforms: readonly Platform[]): Promise<SavePlan> {
  const images = selectImages(library, refs);
  const releases: (() => void)[] = [];
  const hold = (digest: Digest) => releases.push(library.blobs.leases.hold(digest));
  const release = () => {
    for (const done of releases) done();
  };
  try {
    const blobs = new Map<Digest, number>();
    const entries: object[] = [];
    const legacy: object[] = [];
    for (const image of images) {
      const { index, ids } = await selectVariants(library, image, platforms);
      const saved = await Promise.all(ids.map((id) => savedImage(library, id, hold)));
      for (const { parts } of saved) for (const digest of parts) blobs.set(digest, await sizeOf(library, digest));
      const [first] = saved as [SavedManifest, ...SavedManifest[]];
      if (index) {
        hold(index.digest);
        blobs.set(index.digest, index.size);
      }
      const descriptor = index ?? first.descriptor;
      if (image.names.length === 0) entries.push(descriptor);
      for (const name of image.names) entries.push({ ...descriptor, annotations: annotations(name) });
      legacy.push({
        Config: blobPath(first.manifest.config.digest),
        RepoTags: image.names.length > 0 ? image.names.map(familiarString) : null,
        Layers: first.manifest.layers.map((layer) => blobPath(layer.digest)),
      });
    }
    const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: entries };
    return {
      images,
      blobs: [...blobs].map(([digest, size]) => ({ digest, size })).sort((a, b) => (a.digest < b.digest ? -1 : 1)),
      documents: [
        { name: 'index.json', content: Buffer.from(JSON.stringify(index)) },
        { name: 'manifest.json', content: Buffer.from(JSON.stringify(legacy)) },
        { name: 'oci-layout', content: Buffer.from('{"imageLayoutVersion":"1.0.0"}') },
      ],
      release,
    };
  } catch (err) {
    release();
    throw err;
  }
}

/** The archive of a plan; the same images give the same bytes. */
async function* saveArchive(library: Library, plan: SavePlan): AsyncGenerator<Buffer> {
  yield directory('blobs');
  yield directory('blobs/sha256');
  for (const { digest, size } of plan.blobs) {
    yield tarHeader({ ...PUBLIC, name: blobPath(digest), type: 'file', mode: 0o644, size });
    yield* library.content.stream(digest);
    yield tarPadding(size);
  }
  for (const { name, content } of plan.documents) yield tarFile({ ...PUBLIC, name, mode: 0o644 }, content);
  yield TAR_END;
}

function selectImages(library: Library, refs: readonly string[]): SavedImage[] {
  const images = new Map<Digest, { typed: string; names: Map<string, Reference> }>();
  const take = (id: Digest, typed: string, name?: Reference): void => {
    const image = images.get(id) ?? { typed, names: new Map<string, Reference>() };
    images.set(id, image);
    if (name) image.names.set(referenceString(name), name);
  };
  for (const ref of refs) {
    const parsed = parseAnyReference(ref);
    const all = parsed.kind === 'named' && !parsed.reference.tag && !parsed.reference.digest;
    const tags = all ? tagsOf(library, parsed.reference) : [];
    for (const { name, id } of tags) take(id, referenceString(name), name);
    if (tags.length > 0) continue;
    const id = foundAsTyped(library, ref);
    const isName = parsed.kind === 'named' && library.state.references[referenceString(parsed.reference)] === id;
    take(id, ref, isName && parsed.reference.tag ? parsed.reference : undefined);
  }
  return [...images].map(([id, { typed, names }]) => ({ id, typed, names: [...names.values()] }));
}

/** Save names an image as it was asked for. */
function foundAsTyped(library: Library, ref: string): Digest {
  try {
    return findImage(library, ref);
  } catch (err) {
    if (err instanceof DockerError && err.code === 'NotFound')
      throw new DockerError('NotFound', `No such image: ${ref}`);
    throw err;
  }
}

interface SavedManifest {
  manifest: ImageManifest;
  descriptor: BlobInfo;
  /** Of everything it consists of. */
  parts: Digest[];
}

async function savedImage(library: Library, id: Digest, hold: (digest: Digest) => void): Promise<SavedManifest> {
  const record = library.state.images[id];
  if (!record) throw new DockerError('NotFound', `No such image: ${id}`);
  hold(id);
  hold(record.manifest.digest);
  const bytes = await library.content.read(record.manifest.digest);
  const manifest = parseManifest(bytes, record.manifest.mediaType);
  if (manifest.kind !== 'image') throw new DockerError('System', `manifest of ${id} is none of an image`);
  for (const layer of manifest.layers) hold(layer.digest);
  const { mediaType, digest } = record.manifest;
  const parts = [digest, manifest.config.digest, ...manifest.layers.map((layer) => layer.digest)];
  return { manifest, descriptor: { mediaType, digest, size: bytes.length }, parts };
}

/**
 * One image goes by its manifest, several under their index, which names those that are not in the archive, too.
 * @returns ids, the one that older readers take first @throws NotFound
 */
async function selectVariants(
  library: Library,
  { id, typed }: SavedImage,
  platforms: readonly Platform[],
): Promise<{ index?: BlobInfo; ids: Digest[] }> {
  const asked = await Promise.all(platforms.map((platform) => findVariant(library, typed, platform)));
  const ids = platforms.length > 0 ? [...new Set(asked)] : variantsOf(library, typed);
  const record = indexOf(library, typed);
  if (!record || ids.length === 1) return { ids };
  return { index: record.index, ids: ids.includes(id) ? [id, ...ids.filter((other) => other !== id)] : ids };
}

async function sizeOf(library: Library, digest: Digest): Promise<number> {
  const size = await library.content.size(digest);
  if (size === undefined) throw new DockerError('System', `blob ${digest} is missing`);
  return size;
}

const blobPath = (digest: Digest): string => `blobs/sha256/${hexOf(digest)}`;

function annotations(name: Reference): Record<string, string> {
  return {
    'io.containerd.image.name': referenceString(name),
    'org.opencontainers.image.ref.name': name.tag ?? '',
  };
}

function directory(name: string): Buffer {
  return tarHeader({ ...PUBLIC, name, type: 'directory', mode: 0o755, size: 0 });
}
