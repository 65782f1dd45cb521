/** Reads a stream to its end, no faster than the writers take it. */
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';

/** @param sinks what `take` writes to: reading waits while one of them is full */
export async function pumpInto(
  source: Readable,
  take: (chunk: Buffer) => void,
  sinks: readonly Writable[],
): Promise<void> {
  for await (const chunk of source) {
    take(chunk as Buffer);
    for (const sink of sinks) if (sink.writableNeedDrain) await once(sink, 'drain');
  }
}
