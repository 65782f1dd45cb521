/** Makes an image of one file-system tar, plain or compressed. @see Engine API `ImageCreate`, `fromSrc` */
import type { Digest } from '@tsdocker/shared/digest.ts';
import { DockerError } from '@tsdocker/shared/errors.ts';
import { hostPlatform, parsePlatform, platformString } from '@tsdocker/shared/platform.ts';
import {
  familiarString,
  parseReference,
  type Reference,
  referenceString,
  withDefaultTag,
} from '@tsdocker/shared/reference.ts';
import { layerStream } from '../content/decompress.ts';
import { applyChanges } from './changes.ts';
import { parseConfig } from './config.ts';
import type { Library } from './library.ts';
import { storeManifest } from './manifest-of.ts';
import { storeNewLayer } from './new-layer.ts';
import type { ProgressSink } from './service.types.ts';
import { setName } from './variants.ts';

export interface ImportOptions {
  ref?: string;
  message?: string;
  changes: string[];
  platform?: string;
  progress: ProgressSink;
  signal?: AbortSignal;
}

/** @returns the image's id @throws InvalidParameter for changes and names, System for the archive */
export async function importImage(
  library: Library,
  source: AsyncIterable<Buffer>,
  opts: ImportOptions,
): Promise<Digest> {
  const name = opts.ref ? taggable(opts.ref) : undefined;
  const platform = opts.platform ? parsePlatform(opts.platform) : hostPlatform();
  if (platform.os !== 'linux')
    throw new DockerError('InvalidParameter', `operating system is not supported: ${platformString(platform)}`);
  const config = applyChanges({}, opts.changes);
  const release = library.holdBlobs();
  try {
    const layer = await storeNewLayer(library, layerStream(source), { signal: opts.signal });
    try {
      const created = new Date().toISOString();
      const comment = opts.message || 'Imported from -';
      const document = {
        architecture: platform.architecture,
        comment,
        config,
        created,
        history: [{ created, comment }],
        os: platform.os,
        rootfs: { type: 'layers', diff_ids: [layer.record.diffId] },
        ...(platform.variant && { variant: platform.variant }),
      };
      const stored = await library.content.put(Buffer.from(JSON.stringify(document)));
      parseConfig(await library.content.read(stored.digest));
      const manifest = await storeManifest(library.content, stored, [layer.record.blob]);
      await library.snapshotter.sync();
      await library.store.update((draft) => {
        draft.layers[layer.chainId] ??= layer.record;
        draft.images[stored.digest] = { manifest, chainIds: [layer.chainId] };
        if (!name) return;
        setName(draft, referenceString(name), stored.digest);
        (draft.images[stored.digest] as { lastTagTime?: string }).lastTagTime = created;
      });
      opts.progress({ status: stored.digest });
      if (name) await library.publish('tag', stored.digest, familiarString(name), stored.digest);
      await library.publish('import', stored.digest, stored.digest, stored.digest);
      return stored.digest;
    } finally {
      layer.release();
    }
  } finally {
    release();
    await library.collect();
  }
}

/** @throws InvalidParameter */
function taggable(text: string): Reference {
  const ref = parseReference(text);
  if (ref.digest) throw new DockerError('InvalidParameter', 'cannot import digest reference');
  return withDefaultTag(ref);
}
