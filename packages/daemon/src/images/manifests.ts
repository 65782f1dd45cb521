/** The `Manifests` of an image in the list: its platforms, here or not. @see Engine API `ImageManifestSummary` */
import { type Descriptor, parseManifest } from '@tsdocker/registry/manifests.ts';
import type { Digest } from '@tsdocker/shared/digest.ts';
import type { Platform } from '@tsdocker/shared/platform.ts';
import type { ImageSummary } from '@tsdocker/shared/types/image.ts';
import type { Library } from './library.ts';
import type { BlobInfo } from './store.ts';
import { indexOfMain } from './variants.ts';

export type ManifestSummary = NonNullable<ImageSummary['Manifests']>[number];

/** What the image's name stands for: an index, or the image's manifest. */
export function targetOf(library: Library, id: Digest): BlobInfo | undefined {
  return indexOfMain(library.state, id)?.index ?? library.state.images[id]?.manifest;
}

/** @param id of the image that the name stands for first */
export async function manifestsOf(library: Library, id: Digest): Promise<ManifestSummary[]> {
  const record = indexOfMain(library.state, id);
  if (!record) {
    const manifest = library.state.images[id]?.manifest;
    return manifest ? [await present(library, id, manifest, (await library.config(id)).platform)] : [];
  }
  const index = parseManifest(await library.content.read(record.index.digest), record.index.mediaType);
  const here = new Map(Object.entries(record.images).map(([image, { manifest }]) => [manifest, image]));
  const entries = index.kind === 'index' ? index.manifests : [];
  return await Promise.all(
    entries.map(async (entry) => {
      const image = here.get(entry.digest);
      return image ? await present(library, image, entry, entry.platform) : absent(entry);
    }),
  );
}

/** Descriptors say `attestation-manifest` of what a builder signed for another entry. */
function absent(entry: Descriptor): ManifestSummary {
  const base = { ID: entry.digest, Descriptor: descriptorOf(entry), Available: false, Size: { Content: 0, Total: 0 } };
  const target = entry.annotations?.['vnd.docker.reference.digest'];
  if (entry.annotations?.['vnd.docker.reference.type'] === 'attestation-manifest' && target)
    return { ...base, Kind: 'attestation', AttestationData: { For: target } };
  if (!entry.platform) return { ...base, Kind: 'unknown' };
  return { ...base, Kind: 'image', ImageData: { Platform: entry.platform, Containers: [], Size: { Unpacked: 0 } } };
}

async function present(
  library: Library,
  id: Digest,
  entry: Pick<Descriptor, 'mediaType' | 'digest' | 'size' | 'platform'>,
  platform: Platform | undefined,
): Promise<ManifestSummary> {
  const { images, layers } = library.state;
  const record = images[id];
  const unpackedFrom = record?.chainIds.flatMap((chainId) => layers[chainId]?.blob.digest ?? []);
  const blobs = new Set([id, entry.digest, ...(record?.blobs ?? unpackedFrom ?? [])]);
  let content = 0;
  for (const digest of blobs) content += (await library.content.size(digest)) ?? 0;
  const unpacked = library.sizeOf(id);
  return {
    ID: entry.digest,
    Descriptor: descriptorOf(entry),
    Available: true,
    Kind: 'image',
    Size: { Content: content, Total: content + unpacked },
    ImageData: {
      Platform: platform ?? (await library.config(id)).platform,
      Containers: library.users.containersOf(id).map((container) => container.id),
      Size: { Unpacked: unpacked },
    },
  };
}

function descriptorOf({ mediaType, digest, size, platform }: Partial<Descriptor>) {
  return { mediaType, digest, size, ...(platform && { platform }) } as ManifestSummary['Descriptor'];
}
