/** Makes an image of what a container changed. @see Engine API `ImageCommit` */
import type { Digest } from '@tsdocker/shared/digest.ts';
import { DockerError } from '@tsdocker/shared/errors.ts';
import { familiarString, parseReference, referenceString, withDefaultTag } from '@tsdocker/shared/reference.ts';
import type { ImageConfig } from '@tsdocker/shared/types/image.ts';
import { packTree } from '../snapshots/pack.ts';
import { applyChanges } from './changes.ts';
import { type HistoryEntry, parseConfig } from './config.ts';
import type { Library } from './library.ts';
import { storeManifest } from './manifest-of.ts';
import { EMPTY_LAYER, storeNewLayer } from './new-layer.ts';
import type { CommitOptions } from './service.types.ts';
import { setName } from './variants.ts';

type ConfigDocument = Record<string, unknown> & {
  history?: HistoryEntry[];
  rootfs: { type: string; diff_ids?: Digest[] };
};

/** @returns the new image's id @throws InvalidParameter for changes and names, NotFound when the container's image is gone */
export async function commitContainer(library: Library, opts: CommitOptions): Promise<Digest> {
  const name = opts.ref ? taggable(opts.ref) : undefined;
  const config = applyChanges(opts.config, opts.changes);
  const parentId = opts.imageId as Digest;
  const parent = library.state.images[parentId];
  if (!parent) throw new DockerError('NotFound', `No such image: ${opts.imageId}`);
  const releaseBlobs = library.holdBlobs();
  try {
    const { upper } = await library.snapshotter.rootfsOf(opts.containerId);
    const document = JSON.parse((await library.content.read(parentId)).toString('utf8')) as ConfigDocument;
    const layer = await storeNewLayer(library, packTree({ root: upper }, { whiteouts: true }), {
      parent: parent.chainIds.at(-1),
    });
    try {
      const isEmpty = layer.record.diffId === EMPTY_LAYER;
      const created = new Date().toISOString();
      const stored = await library.content.put(
        Buffer.from(
          JSON.stringify(committed(document, config, opts, { created, isEmpty, diffId: layer.record.diffId })),
        ),
      );
      parseConfig(await library.content.read(stored.digest));
      const chainIds = isEmpty ? parent.chainIds : [...parent.chainIds, layer.chainId];
      const blobs = chainIds.map((id) => (library.state.layers[id] ?? layer.record).blob);
      const manifest = await storeManifest(library.content, stored, blobs);
      await library.snapshotter.sync();
      await library.store.update((draft) => {
        if (!isEmpty) draft.layers[layer.chainId] ??= layer.record;
        const image = draft.images[stored.digest] ?? { manifest, chainIds, parent: parentId };
        draft.images[stored.digest] = image;
        if (!name) return;
        setName(draft, referenceString(name), stored.digest);
        image.lastTagTime = created;
      });
      if (name) await library.publish('tag', stored.digest, familiarString(name), stored.digest);
      return stored.digest;
    } finally {
      layer.release();
    }
  } finally {
    releaseBlobs();
    await library.collect();
  }
}

/** @throws InvalidParameter */
function taggable(text: string) {
  const ref = parseReference(text);
  if (ref.digest) throw new DockerError('InvalidParameter', 'refusing to create a tag with a digest reference');
  return withDefaultTag(ref);
}

function committed(
  parent: ConfigDocument,
  config: ImageConfig,
  opts: CommitOptions,
  layer: { created: string; isEmpty: boolean; diffId: Digest },
): ConfigDocument {
  const { architecture, os, variant, 'os.version': version, 'os.features': features } = parent;
  const { created } = layer;
  const entry: HistoryEntry = {
    created,
    ...(opts.author && { author: opts.author }),
    created_by: opts.createdBy,
    ...(opts.comment && { comment: opts.comment }),
    ...(layer.isEmpty && { empty_layer: true }),
  };
  return {
    architecture,
    ...(variant !== undefined && { variant }),
    ...(opts.author && { author: opts.author }),
    ...(opts.comment && { comment: opts.comment }),
    config,
    created,
    history: [...(parent.history ?? []), entry],
    os,
    ...(version !== undefined && { 'os.version': version }),
    ...(features !== undefined && { 'os.features': features }),
    rootfs: { type: 'layers', diff_ids: [...(parent.rootfs.diff_ids ?? []), ...(layer.isEmpty ? [] : [layer.diffId])] },
  };
}
