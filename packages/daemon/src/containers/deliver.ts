import type { Writable } from 'node:stream';

/** Writes and waits for room. @returns false when the reader is gone */
export async function deliver(target: Writable, data: Buffer): Promise<boolean> {
  if (target.destroyed || target.writableEnded) return false;
  if (data.length === 0 || target.write(data)) return true;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      target.off('drain', done).off('close', done).off('error', done);
      resolve();
    };
    target.on('drain', done).on('close', done).on('error', done);
  });
  return !target.destroyed && !target.errored;
}
