/** Makes a manifest for an image that came without one (docker-save archives, import). */
import { open } from 'node:fs/promises';
import type { Descriptor } from '@tsdocker/registry/manifests.ts';
import { OCI_CONFIG, OCI_LAYER, OCI_MANIFEST } from '@tsdocker/registry/media-types.ts';
import { compressionOf } from '../content/decompress.ts';
import type { ContentStore, StoredBlob } from '../content/store.ts';
import type { BlobInfo } from './store.ts';

/** The layer's descriptor; its compression is read from its first bytes. */
export async function layerDescriptor(content: ContentStore, blob: StoredBlob): Promise<Descriptor> {
  const file = await open(content.pathOf(blob.digest));
  try {
    const start = Buffer.alloc(8);
    const { bytesRead } = await file.read(start, 0, start.length, 0);
    const compression = compressionOf(start.subarray(0, bytesRead));
    return {
      mediaType: compression === 'none' ? OCI_LAYER : `${OCI_LAYER}+${compression}`,
      digest: blob.digest,
      size: blob.size,
    };
  } finally {
    await file.close();
  }
}

/** Stores the manifest. Same parts, same bytes: a second load finds the same digest. */
export async function storeManifest(
  content: ContentStore,
  config: StoredBlob,
  layers: readonly Descriptor[],
): Promise<BlobInfo> {
  const manifest = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: { mediaType: OCI_CONFIG, digest: config.digest, size: config.size },
    layers: layers.map(({ mediaType, digest, size }) => ({ mediaType, digest, size })),
  };
  const stored = await content.put(Buffer.from(JSON.stringify(manifest)));
  return { ...stored, mediaType: OCI_MANIFEST };
}
