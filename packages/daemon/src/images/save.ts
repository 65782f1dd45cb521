/**
 * Images as one archive: an OCI layout that is at the same time what docker has always loaded. Blobs go out as they came in,
 * so that loading gives the same digests. @see Engine API `ImageGetAll`, OCI image-layout.md
 */

import { parseManifest } from '@tsdocker/registry/manifests.ts';
import { OCI_INDEX } from '@tsdocker/registry/media-types.ts';
import { type Digest, hexOf } from '@tsdocker/shared/digest.ts';
import { DockerError } from '@tsdocker/shared/errors.ts';
import { parsePlatform, platformRank, platformString } from '@tsdocker/shared/platform.ts';
import { familiarString, parseAnyReference, type Reference, referenceString } from '@tsdocker/shared/reference.ts';
import { TAR_END, tarFile, tarHeader, tarPadding } from '@tsdocker/shared/tar-header.ts';
import type { Library } from './library.ts';
import { findImage, tagsOf } from './resolve.ts';

/** The same images give the same bytes. */
const PUBLIC = { uid: 0, gid: 0, mtimeNanos: 0n };

/** @throws NotFound, InvalidParameter before the first byte */
export async function saveImages(
  library: Library,
  refs: readonly string[],
  platform: string | undefined,
  write: (chunk: Buffer) => Promise<boolean>,
): Promise<void> {
  const plan = await planSave(library, refs, platform);
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
async function planSave(library: Library, refs: readonly string[], platform?: string): Promise<SavePlan> {
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
      const record = library.state.images[image.id];
      if (!record) throw new DockerError('NotFound', `No such image: ${image.id}`);
      await checkPlatform(library, image.id, platform);
      hold(image.id);
      hold(record.manifest.digest);
      const bytes = await library.content.read(record.manifest.digest);
      const manifest = parseManifest(bytes, record.manifest.mediaType);
      if (manifest.kind !== 'image') throw new DockerError('System', `manifest of ${image.id} is none of an image`);
      for (const layer of manifest.layers) hold(layer.digest);
      for (const { digest } of [record.manifest, manifest.config, ...manifest.layers])
        blobs.set(digest, await sizeOf(library, digest));
      const descriptor = { mediaType: record.manifest.mediaType, digest: record.manifest.digest, size: bytes.length };
      if (image.names.length === 0) entries.push(descriptor);
      for (const name of image.names) entries.push({ ...descriptor, annotations: annotations(name) });
      legacy.push({
        Config: blobPath(manifest.config.digest),
        RepoTags: image.names.length > 0 ? image.names.map(familiarString) : null,
        Layers: manifest.layers.map((layer) => blobPath(layer.digest)),
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
  const images = new Map<Digest, Map<string, Reference>>();
  const take = (id: Digest, name?: Reference): void => {
    const names = images.get(id) ?? new Map<string, Reference>();
    images.set(id, names);
    if (name) names.set(referenceString(name), name);
  };
  for (const ref of refs) {
    const parsed = parseAnyReference(ref);
    const all = parsed.kind === 'named' && !parsed.reference.tag && !parsed.reference.digest;
    const tags = all ? tagsOf(library, parsed.reference) : [];
    for (const { name, id } of tags) take(id, name);
    if (tags.length > 0) continue;
    const id = foundAsTyped(library, ref);
    const isName = parsed.kind === 'named' && library.state.references[referenceString(parsed.reference)] === id;
    take(id, isName && parsed.reference.tag ? parsed.reference : undefined);
  }
  return [...images].map(([id, names]) => ({ id, names: [...names.values()] }));
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

async function checkPlatform(library: Library, id: Digest, platform: string | undefined): Promise<void> {
  if (platform === undefined) return;
  const { platform: own } = await library.config(id);
  const wanted = parsePlatform(platform);
  if (platformRank(wanted, own) !== undefined) return;
  throw new DockerError(
    'NotFound',
    `image ${id} was found but its platform (${platformString(own)}) does not match the specified platform (${platformString(wanted)})`,
  );
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
