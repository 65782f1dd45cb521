/** One layer on its way into a directory: the tar is hashed and handed to the unpacker as it comes. */
import { createHash } from 'node:crypto';
import type { Digest } from '@tsdocker/shared/digest.ts';
import { DockerError } from '@tsdocker/shared/errors.ts';
import { native } from '../runtime/native/bindings.ts';
import { startUnpacker } from './apply.ts';
import type { FinishedLayer, LayerWriter } from './snapshotter.ts';

export interface LayerPlace {
  /** Empty directory to unpack into. */
  directory: string;
  /** Puts the finished layer where it belongs. */
  publish(chainId: Digest): Promise<void>;
  /** Throws everything away. */
  discard(): Promise<void>;
}

export function layerWriter(place: LayerPlace): LayerWriter {
  const unpacker = startUnpacker({ root: place.directory });
  const hash = createHash('sha256');
  const finish = async (): Promise<FinishedLayer> => {
    const { hasRoot } = await unpacker.finish();
    const diffId = `sha256:${hash.digest('hex')}`;
    const sizeBytes = await native.treeBytes(place.directory);
    return { diffId, sizeBytes, hasRoot, publish: place.publish };
  };
  return {
    write: async (chunk) => {
      hash.update(chunk);
      await unpacker.write(chunk);
    },
    finish,
    commit: async (chainId, diffId) => {
      const finished = await finish();
      if (finished.diffId !== diffId) {
        throw otherContent(finished.diffId, diffId);
      }
      await finished.publish(chainId);
      return finished;
    },
    abort: async () => {
      await unpacker.kill();
      await place.discard();
    },
  };
}

/** The layer is not the one that the image's configuration names. */
export function otherContent(found: Digest, wanted: Digest): DockerError {
  return new DockerError('System', `layer content is ${found}, the image's configuration says ${wanted}`);
}
