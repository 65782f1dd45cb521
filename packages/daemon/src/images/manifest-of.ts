/** Makes a manifest for an image that came without one (docker-save archives, import). */
import { open } from 'node:fs/promises';
import type { Descriptor } from '@tsdocker/registry/manifests.ts';
import { OCI_CONFIG, OCI_LAYER, OCI_MANIFEST } from '@tsdocker/registry/media-types.ts';
import type { Digest } from '@tsdocker/shared/digest.ts';
import { DockerError } from '@tsdocker/shared/errors.ts';
import {
  type Compression,
  compressionOf,
  isLayerCompression,
  MAGIC_BYTES,
  plainStream,
} from '../content/decompress.ts';
import type { ContentStore, StoredBlob } from '../content/store.ts';
import type { BlobInfo } from './store.ts';

/** The layer's descriptor; its compression is read from its first bytes. @throws InvalidParameter for bzip2 and xz */
export async function layerDescriptor(content: ContentStore, blob: StoredBlob): Promise<Descriptor> {
  const compression = await compressionOfBlob(content, blob.digest);
  if (!isLayerCompression(compression))
    throw new DockerError('InvalidParameter', `unsupported compression of a layer: ${compression}`);
  return {
    mediaType: compression === 'none' ? OCI_LAYER : `${OCI_LAYER}+${compression}`,
    digest: blob.digest,
    size: blob.size,
  };
}

/** The blob itself, or for compressions that manifests have no word for a new one without. The caller holds blobs. */
export async function layerBlob(content: ContentStore, blob: StoredBlob): Promise<StoredBlob> {
  if (isLayerCompression(await compressionOfBlob(content, blob.digest))) return blob;
  const ingest = await content.ingest();
  try {
    for await (const chunk of plainStream(content.stream(blob.digest))) await ingest.write(chunk);
    return await ingest.commit();
  } catch (err) {
    await ingest.abort();
    throw err;
  }
}

async function compressionOfBlob(content: ContentStore, digest: Digest): Promise<Compression> {
  const file = await open(content.pathOf(digest));
  try {
    const start = Buffer.alloc(MAGIC_BYTES);
    const { bytesRead } = await file.read(start, 0, start.length, 0);
    return compressionOf(start.subarray(0, bytesRead));
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
