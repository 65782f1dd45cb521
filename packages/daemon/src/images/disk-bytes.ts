/**
 * What the store takes on disk: every unpacked layer and every blob once, however many images have it. A layer counts with
 * the images as long as an image or a container stands on it, else with the build cache.
 */
import type { Digest } from '@tsdocker/shared/digest.ts';
import { parseReference } from '@tsdocker/shared/reference.ts';
import type { Library } from './library.ts';
import type { BuildCacheRecord, LayerRecord } from './store.ts';

/** A layer unpacked, and the blob it came from. */
export const layerDiskBytes = (layer: LayerRecord): number => layer.sizeBytes + layer.blob.size;

/** Chain ids that images and containers stand on. */
function namedChains(library: Library, imageIds: readonly Digest[]): Set<Digest> {
  const { images } = library.state;
  return new Set([...imageIds.flatMap((id) => images[id]?.chainIds ?? []), ...library.rootfsChainIds()]);
}

/** @returns bytes of all images, and what would be free without those no container uses */
export async function imagesDiskUsage(library: Library): Promise<{ totalBytes: number; reclaimableBytes: number }> {
  const all = Object.keys(library.state.images);
  const used = all.filter((id) => library.users.containersOf(id).length > 0);
  const [totalBytes = 0, usedBytes = 0] = await Promise.all([all, used].map((ids) => diskBytesOf(library, ids)));
  return { totalBytes, reclaimableBytes: totalBytes - usedBytes };
}

async function diskBytesOf(library: Library, ids: readonly Digest[]): Promise<number> {
  const { images, layers, references, indexes } = library.state;
  const wanted = new Set(ids);
  const blobs = new Set(ids.flatMap((id) => [id, images[id]?.manifest.digest ?? id, ...(images[id]?.blobs ?? [])]));
  let bytes = 0;
  for (const chainId of namedChains(library, ids)) {
    const layer = layers[chainId];
    bytes += layer?.sizeBytes ?? 0;
    if (layer) blobs.add(layer.blob.digest);
  }
  for (const [name, id] of Object.entries(references)) {
    const { digest } = parseReference(name);
    if (!wanted.has(id)) continue;
    if (digest) blobs.add(digest);
    if (indexes?.[name]) blobs.add(indexes[name].index.digest);
  }
  for (const digest of blobs) bytes += (await library.content.size(digest)) ?? 0;
  return bytes;
}

/**
 * The cache's records with what they alone keep on disk: each layer goes to the first record that stands on it, so that
 * the sizes of what is not `shared` add up to what is there.
 */
export function cacheDiskUsage(library: Library): Record<string, BuildCacheRecord & { shared: boolean }> {
  const { buildCache = {}, images, layers } = library.state;
  const counted = namedChains(library, Object.keys(images));
  const usage: Record<string, BuildCacheRecord & { shared: boolean }> = {};
  for (const [key, record] of Object.entries(buildCache)) {
    const top = record.chainIds.at(-1) as Digest;
    const shared = counted.has(top) && record.sizeBytes > 0;
    const own = shared ? [top] : record.chainIds.filter((chainId) => !counted.has(chainId));
    for (const chainId of own) counted.add(chainId);
    const sizeBytes = own.reduce((sum, chainId) => sum + (layers[chainId] ? layerDiskBytes(layers[chainId]) : 0), 0);
    usage[key] = { ...record, sizeBytes, shared };
  }
  return usage;
}
