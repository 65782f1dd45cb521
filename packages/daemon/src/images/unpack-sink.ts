/** Compressed bytes in, an unpacked layer out: finds the compression, inflates, and feeds the layer's writer. */
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  compressionOf,
  decompressor,
  InflationGuard,
  type InflationLimit,
  MAGIC_BYTES,
} from '../content/decompress.ts';
import type { LayerWriter } from '../snapshots/snapshotter.ts';

export interface UnpackSink {
  /** Resolves when there is room for more. @throws what unpacking failed with */
  write(chunk: Buffer): Promise<void>;
  /** Resolves when the writer has everything. @throws as write */
  end(): Promise<void>;
  destroy(): Promise<void>;
}

/** @param limit undefined: what no real layer reaches */
export function unpackSink(writer: Pick<LayerWriter, 'write'>, limit?: InflationLimit): UnpackSink {
  let start = Buffer.alloc(0);
  let stream: Duplex | undefined;
  let done: Promise<void> = Promise.resolve();
  const guard = new InflationGuard(limit);

  const begin = () => {
    stream = decompressor(compressionOf(start));
    done = pipeline(stream, async (plain: AsyncIterable<Buffer>) => {
      for await (const chunk of plain) {
        guard.gave(chunk);
        await writer.write(chunk);
      }
    });
    // Reported by the next write or by end.
    done.catch(() => {});
  };
  const push = async (chunk: Buffer) => {
    const target = stream as Duplex;
    // Ended early: what follows a complete gzip or zstd stream is not part of the layer.
    if (target.writableEnded || target.destroyed) return await done;
    guard.took(chunk);
    if (target.write(chunk)) return;
    const stop = new AbortController();
    const room = once(target, 'drain', { signal: stop.signal }).catch(() => {});
    try {
      await Promise.race([room, done]);
    } finally {
      stop.abort();
    }
  };

  return {
    write: async (chunk) => {
      if (stream) return await push(chunk);
      start = Buffer.concat([start, chunk]);
      if (start.length < MAGIC_BYTES) return;
      begin();
      await push(start);
    },
    end: async () => {
      if (!stream) {
        begin();
        if (start.length > 0) await push(start);
      }
      stream?.end();
      await done;
    },
    destroy: async () => {
      stream?.destroy();
      await done.catch(() => {});
    },
  };
}
