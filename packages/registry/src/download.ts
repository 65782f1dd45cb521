/**
 * A blob as one stream of bytes, however often the connection breaks: each new try goes on where the last one ended.
 * The bytes are not verified here; who stores them checks size and digest.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Digest } from '@tsdocker/shared/digest.ts';
import type { BlobBody, RepositoryClient } from './client.ts';
import { ConnectionError, RegistryError } from './errors.ts';

export interface DownloadOptions {
  digest: Digest;
  /** Bytes the descriptor promises. */
  size: number;
  /** Tries without progress before giving up; Docker's is 5. */
  attempts: number;
  /** Wait before the first retry; grows by itself with each. */
  delayMillis: number;
  onRetry?: (seconds: number) => void;
  signal?: AbortSignal | undefined;
}

/** @throws RegistryError for a definite answer (404, 403); the last failure when nothing helps; AbortError */
export async function* downloadBlob(
  client: Pick<RepositoryClient, 'blob'>,
  opts: DownloadOptions,
): AsyncGenerator<Buffer> {
  let received = 0;
  for (let failures = 0; received < opts.size || received === 0; ) {
    const before = received;
    let failure: unknown;
    let body: BlobBody | undefined;
    try {
      body = await client.blob(opts.digest, received);
      // A registry that does not do ranges sends everything again.
      let skip = received - body.offset;
      if (skip < 0) throw new Error(`registry answered range from ${body.offset}, asked for ${received}`);
      for await (const chunk of body.stream) {
        const fresh = chunk.subarray(Math.min(skip, chunk.length));
        skip -= chunk.length - fresh.length;
        received += fresh.length;
        if (fresh.length > 0) yield fresh;
      }
    } catch (err) {
      opts.signal?.throwIfAborted();
      if (isDefinite(err)) throw err;
      failure = err;
    } finally {
      body?.cancel();
    }
    if (received >= opts.size) return;
    failures = received > before ? 1 : failures + 1;
    if (failures >= opts.attempts) throw failure instanceof Error ? failure : new Error('unexpected EOF');
    await wait(opts, failures);
  }
}

/** 429 and 5xx have been repeated by the client already. */
function isDefinite(err: unknown): boolean {
  return err instanceof RegistryError || (err instanceof ConnectionError && /no basic auth/.test(err.message));
}

/** Counts down like Docker, whose message names the seconds left. */
async function wait(opts: DownloadOptions, failures: number): Promise<void> {
  const until = Date.now() + opts.delayMillis * failures;
  for (let left = until - Date.now(); left > 0; left = until - Date.now()) {
    opts.onRetry?.(Math.ceil(left / 1000));
    await delay(Math.min(left, 1000), undefined, opts.signal && { signal: opts.signal });
  }
}
