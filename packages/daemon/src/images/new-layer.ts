/** A layer whose ids nobody knows yet: an archive comes in, is kept as it is and unpacked in the same pass. */
import type { Digest } from '@tsdocker/shared/digest.ts';
import { chainIdsOf } from './config.ts';
import type { Library } from './library.ts';
import { layerDescriptor } from './manifest-of.ts';
import type { LayerRecord } from './store.ts';
import { unpackSink } from './unpack-sink.ts';

/** diffID of an archive without entries: two empty blocks. */
export const EMPTY_LAYER: Digest = 'sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef';

/** On disk, but not in metadata; `release` when it is, or when it is given up. */
export interface NewLayer {
  chainId: Digest;
  record: LayerRecord;
  release(): void;
}

/**
 * The caller holds blobs (`Library.holdBlobs`) until metadata names the layer.
 * @param parent chain id of the layer below, undefined for a base
 * @throws System when the content is no layer
 */
export async function storeNewLayer(
  library: Library,
  source: AsyncIterable<Buffer>,
  opts: { parent?: Digest | undefined; signal?: AbortSignal | undefined },
): Promise<NewLayer> {
  const writer = await library.snapshotter.writeLayer();
  const sink = unpackSink(writer);
  const ingest = await library.content.ingest();
  try {
    for await (const chunk of source) {
      opts.signal?.throwIfAborted();
      await Promise.all([ingest.write(chunk), sink.write(chunk)]);
    }
    opts.signal?.throwIfAborted();
    await sink.end();
    const stored = await ingest.commit();
    const finished = await writer.finish();
    const chainId = chainIdOn(opts.parent, finished.diffId);
    const release = library.chains.leases.hold(chainId);
    await library.chains.locks.run(chainId, () => finished.publish(chainId));
    const blob = await layerDescriptor(library.content, stored);
    const { diffId, sizeBytes, hasRoot } = finished;
    return { chainId, release, record: { diffId, sizeBytes, hasRoot, blob } };
  } catch (err) {
    await Promise.all([ingest.abort(), writer.abort(), sink.destroy()]);
    opts.signal?.throwIfAborted();
    throw err;
  }
}

/** A chain id stands for the chain below it, so the rule for two layers is the rule for all. */
function chainIdOn(parent: Digest | undefined, diffId: Digest): Digest {
  return (parent ? chainIdsOf([parent, diffId]).at(-1) : diffId) as Digest;
}
