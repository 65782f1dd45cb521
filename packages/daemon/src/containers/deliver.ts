import { once } from 'node:events';
import type { Writable } from 'node:stream';

/** Writes and waits for room. @returns false when the reader is gone */
export async function deliver(target: Writable, data: Buffer): Promise<boolean> {
  if (target.destroyed || target.writableEnded) return false;
  if (data.length === 0 || target.write(data)) return true;
  const abort = new AbortController();
  const { signal } = abort;
  try {
    await Promise.race([once(target, 'drain', { signal }), once(target, 'close', { signal })]);
  } catch {
    return false;
  } finally {
    abort.abort();
  }
  return !target.destroyed;
}
