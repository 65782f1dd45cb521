/** Makes an image of its parts: layers on disk, then one change of the metadata. Pull, load and import end here. */
import type { ImageManifest } from '@tsdocker/registry/manifests.ts';
import type { Digest } from '@tsdocker/shared/digest.ts';
import { DockerError } from '@tsdocker/shared/errors.ts';
import { chainIdsOf, type ParsedConfig } from './config.ts';
import { type ObtainOptions, obtainLayers, type WantedLayer } from './layers.ts';
import type { Library } from './library.ts';
import type { BlobInfo, ImageState } from './store.ts';

export interface NewImage {
  id: Digest;
  config: ParsedConfig;
  manifest: BlobInfo;
  layers: ImageManifest['layers'];
}

/** @throws InvalidParameter when manifest and configuration disagree, or the image is for another system */
export function wantedLayers(image: NewImage): WantedLayer[] {
  const { diffIds, platform } = image.config;
  if (platform.os !== 'linux') {
    throw new DockerError(
      'InvalidParameter',
      `image operating system "${platform.os}" cannot be used on this platform`,
    );
  }
  if (diffIds.length !== image.layers.length) {
    throw new DockerError('InvalidParameter', "layers from manifest don't match image configuration");
  }
  const chainIds = chainIdsOf(diffIds);
  return image.layers.map((l, i) => ({
    blob: { digest: l.digest, size: l.size, mediaType: l.mediaType },
    diffId: diffIds[i] as Digest,
    chainId: chainIds[i] as Digest,
  }));
}

/**
 * Gets the layers, makes everything safe on disk, then adds the image and applies `name` in the same change.
 * The caller holds leases on configuration and manifest.
 */
export async function registerImage(
  library: Library,
  image: NewImage,
  opts: ObtainOptions & { name: (draft: ImageState) => void },
): Promise<void> {
  const wanted = wantedLayers(image);
  const obtained = await obtainLayers(library, wanted, opts);
  try {
    // Once for all layers and blobs: metadata must never name what a crash of the machine can still undo.
    await library.snapshotter.sync();
    await library.store.update((draft) => {
      for (const [chainId, record] of Object.entries(obtained.records)) draft.layers[chainId] = record;
      draft.images[image.id] ??= {
        manifest: image.manifest,
        chainIds: wanted.map((w) => w.chainId),
        blobs: wanted.map((w) => w.blob.digest),
      };
      opts.name(draft);
    });
  } finally {
    obtained.release();
  }
}
