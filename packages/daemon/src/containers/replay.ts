/**
 * The log before the live output of an attach, so that no byte is lost or shown twice.
 *
 * The subscription is asked for at time t0 and takes effect a moment later, at an unknown T. What the log dates before t0 is not
 * in the live output; what it dates after T is. Only records of that short moment are in doubt: they are replayed too,
 * and where the live output begins with the same bytes, those are left out.
 */
import { deliver } from './deliver.ts';
import type { LogSource, ReadLogs } from './deps.types.ts';
import type { ClientStreams } from './service.types.ts';

/** Longer than a subscription takes to reach the shim. */
const DOUBT_NANOS = 50_000_000n;

/** Cuts from the head of live output what was replayed already. */
export class Overlap {
  readonly #doubtful: Record<1 | 2, Buffer[]> = { 1: [], 2: [] };
  readonly #skip: Record<1 | 2, number | undefined> = { 1: undefined, 2: undefined };

  add(stream: 1 | 2, data: Buffer): void {
    this.#doubtful[stream].push(data);
  }

  /** The part of a live chunk that is new. */
  filter(stream: 1 | 2, data: Buffer): Buffer {
    this.#skip[stream] ??= sharedLength(Buffer.concat(this.#doubtful[stream]), data);
    const cut = Math.min(this.#skip[stream], data.length);
    this.#skip[stream] -= cut;
    return data.subarray(cut);
  }
}

/** Length of the longest tail of `replayed` that `live` begins with, or that begins with all of `live`. */
function sharedLength(replayed: Buffer, live: Buffer): number {
  for (let at = 0; at < replayed.length; at++) {
    const tail = replayed.subarray(at);
    const length = Math.min(tail.length, live.length);
    if (tail.subarray(0, length).equals(live.subarray(0, length))) return tail.length;
  }
  return 0;
}

/** @param liveSince nanoseconds since the epoch just before the live output was asked for; undefined: the log alone is wanted */
export async function replayLog(
  readLogs: ReadLogs,
  source: LogSource,
  wanted: { stdout: boolean; stderr: boolean },
  client: ClientStreams,
  liveSince: bigint | undefined,
): Promise<Overlap> {
  const overlap = new Overlap();
  const read = (range: { since?: bigint; until?: bigint }) =>
    readLogs(source, { ...wanted, ...range, follow: false, timestamps: false, details: false });
  const write = ({ stream, data }: { stream: 1 | 2; data: Buffer }) =>
    deliver(stream === 2 ? client.stderr : client.stdout, data);
  for await (const chunks of read(liveSince === undefined ? {} : { until: liveSince - 1n })) {
    for (const chunk of chunks) if (!(await write(chunk))) return overlap;
  }
  if (liveSince === undefined) return overlap;
  for await (const chunks of read({ since: liveSince, until: liveSince + DOUBT_NANOS })) {
    for (const chunk of chunks) {
      if (!(await write(chunk))) return overlap;
      overlap.add(chunk.stream, chunk.data);
    }
  }
  return overlap;
}
