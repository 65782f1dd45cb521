/** One layer on its way into a directory: the tar is hashed and handed to the unpacker as it comes. */
import { createHash } from 'node:crypto';
import type { Digest } from '@tsdocker/shared/digest.ts';
import { DockerError } from '@tsdocker/shared/errors.ts';
import { native } from '../runtime/native/bindings.ts';
import { startUnpacker } from './apply.ts';
import type { LayerWriter } from './snapshotter.ts';

export interface LayerPlace {
  /** Empty directory to unpack into. */
  directory: string;
  /** Puts the finished layer where it belongs. */
  publish(chainId: Digest): Promise<void>;
  /** Throws everything away. */
  discard(): Promise<void>;
}

export function layerWriter(place: LayerPlace): LayerWriter {
  const unpacker = startUnpacker(place.directory);
  const hash = createHash('sha256');
  return {
    write: async (chunk) => {
      hash.update(chunk);
      await unpacker.write(chunk);
    },
    commit: async (chainId, diffId) => {
      const { hasRoot } = await unpacker.finish();
      const actual = `sha256:${hash.digest('hex')}`;
      if (diffId !== undefined && actual !== diffId) {
        throw new DockerError('System', `layer content is ${actual}, the image's configuration says ${diffId}`);
      }
      const sizeBytes = await native.treeBytes(place.directory);
      // A layer without lower layers is named by its own content.
      await place.publish(chainId ?? actual);
      return { diffId: actual, sizeBytes, hasRoot };
    },
    abort: async () => {
      await unpacker.kill();
      await place.discard();
    },
  };
}
