/**
 * Gets an image's layers: each one comes as a stream, is stored as a blob and unpacked in the same pass, into a directory
 * of its own, so layers do not wait for each other. A layer counts when both its digests are right.
 */
import { createHash } from 'node:crypto';
import type { Digest } from '@tsdocker/shared/digest.ts';
import { DockerError } from '@tsdocker/shared/errors.ts';
import { otherContent } from '../snapshots/layer-writer.ts';
import type { LayerWriter } from '../snapshots/snapshotter.ts';
import type { Library } from './library.ts';
import type { ItemProgress } from './progress.ts';
import type { BlobInfo, LayerRecord } from './store.ts';
import { unpackSink } from './unpack-sink.ts';

export interface WantedLayer {
  blob: BlobInfo;
  diffId: Digest;
  chainId: Digest;
}

/** Where a layer's bytes come from when they are not here yet. `received` is told the bytes so far. */
export type LayerSource = (
  layer: WantedLayer,
  item: ItemProgress,
  signal: AbortSignal,
  use: (bytes: AsyncIterable<Buffer>) => Promise<void>,
) => Promise<void>;

export interface ObtainOptions {
  source: LayerSource;
  progressOf: (layer: WantedLayer) => ItemProgress;
  signal?: AbortSignal | undefined;
}

/** Layers on disk but not in metadata yet; `release` when they are, or when they are given up. */
export interface ObtainedLayers {
  records: Record<Digest, LayerRecord>;
  release(): void;
}

/** Gets all layers at once. @throws the first failure; then every other download has ended, too */
export async function obtainLayers(
  library: Library,
  layers: readonly WantedLayer[],
  opts: ObtainOptions,
): Promise<ObtainedLayers> {
  const stop = new AbortController();
  const signal = opts.signal ? AbortSignal.any([opts.signal, stop.signal]) : stop.signal;
  // Taken before anything is looked at: from here on the collector leaves these alone.
  const releases = layers.flatMap((l) => [
    library.chains.leases.hold(l.chainId),
    library.blobs.leases.hold(l.blob.digest),
  ]);
  const release = () => {
    for (const r of releases) r();
    for (const l of layers) if (!library.chains.leases.isHeld(l.chainId)) library.fresh.delete(l.chainId);
  };
  let failure: { err: unknown } | undefined;
  const records: Record<Digest, LayerRecord> = {};
  await Promise.all(
    layers.map(async (layer) => {
      try {
        records[layer.chainId] = await obtainLayer(library, layer, opts, signal);
      } catch (err) {
        failure ??= { err };
        stop.abort();
      }
    }),
  );
  if (failure) {
    release();
    opts.signal?.throwIfAborted();
    throw failure.err;
  }
  return { records, release };
}

function obtainLayer(
  library: Library,
  layer: WantedLayer,
  opts: ObtainOptions,
  signal: AbortSignal,
): Promise<LayerRecord> {
  const item = opts.progressOf(layer);
  if (library.chains.locks.isHeld(layer.chainId)) item.state('Waiting');
  return library.chains.locks.run(layer.chainId, async () => {
    signal.throwIfAborted();
    const known = library.state.layers[layer.chainId] ?? library.fresh.get(layer.chainId);
    if (known && (await library.snapshotter.hasLayer(layer.chainId))) {
      // The same content under another digest: the image's manifest names this one, and is to be saved and pushed.
      if (known.blob.digest !== layer.blob.digest)
        await library.blobs.locks.run(layer.blob.digest, () =>
          unpack(library, layer, opts.source, item, signal, hashingWriter()),
        );
      item.state('Already exists');
      return known;
    }
    const record = await library.blobs.locks.run(layer.blob.digest, async () =>
      unpack(library, layer, opts.source, item, signal, await library.snapshotter.writeLayer()),
    );
    library.fresh.set(layer.chainId, record);
    item.state('Pull complete');
    return record;
  });
}

type LayerEnd = Pick<LayerWriter, 'write' | 'commit' | 'abort'>;

/** For a layer that is unpacked already: its content is only compared with its diffID. */
function hashingWriter(): LayerEnd {
  const hash = createHash('sha256');
  return {
    write: async (chunk) => void hash.update(chunk),
    commit: async (_chainId, diffId) => {
      const found = `sha256:${hash.digest('hex')}`;
      if (found !== diffId) throw otherContent(found, diffId);
      return { diffId, sizeBytes: 0, hasRoot: false };
    },
    abort: async () => {},
  };
}

async function unpack(
  library: Library,
  layer: WantedLayer,
  source: LayerSource,
  item: ItemProgress,
  signal: AbortSignal,
  writer: LayerEnd,
): Promise<LayerRecord> {
  const sink = unpackSink(writer);
  try {
    signal.throwIfAborted();
    const local = (await library.content.size(layer.blob.digest)) !== undefined;
    const unpacked = local ? await feedLocal() : await feedRemote();
    if (unpacked) throw registerError(unpacked.err);
    const { sizeBytes, hasRoot } = await finish();
    return { diffId: layer.diffId, sizeBytes, hasRoot, blob: layer.blob };
  } catch (err) {
    await writer.abort();
    await sink.destroy();
    throw err;
  }

  async function finish() {
    try {
      await sink.end();
      item.amount('Extracting', layer.blob.size, layer.blob.size);
      return await writer.commit(layer.chainId, layer.diffId);
    } catch (err) {
      throw registerError(err);
    }
  }

  async function feedLocal(): Promise<{ err: unknown } | undefined> {
    let done = 0;
    for await (const chunk of library.content.stream(layer.blob.digest)) {
      signal.throwIfAborted();
      try {
        await sink.write(chunk);
      } catch (err) {
        return { err };
      }
      done += chunk.length;
      item.amount('Extracting', done, layer.blob.size);
    }
    return undefined;
  }

  /** A layer that does not unpack is still read to its end: when its digest is wrong, that is what has to be said. */
  async function feedRemote(): Promise<{ err: unknown } | undefined> {
    const ingest = await library.content.ingest({ digest: layer.blob.digest, size: layer.blob.size });
    let failed: { err: unknown } | undefined;
    try {
      await source(layer, item, signal, async (bytes) => {
        for await (const chunk of bytes) {
          const unpacking = failed ? undefined : sink.write(chunk).catch((err: unknown) => ({ err }));
          await ingest.write(chunk);
          failed ??= (await unpacking) ?? undefined;
        }
      });
      item.state('Verifying Checksum');
      await ingest.commit();
      item.state('Download complete');
    } catch (err) {
      await ingest.abort();
      throw err;
    }
    return failed;
  }
}

function registerError(err: unknown): DockerError {
  return new DockerError('System', `failed to register layer: ${(err as Error).message}`, { cause: err });
}
