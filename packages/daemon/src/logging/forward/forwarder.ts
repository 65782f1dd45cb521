/**
 * Sends what containers log to their remote drivers. The log file on disk is the queue: its writer, the shim, never waits
 * for a receiver, and how far a container's output has been sent is kept beside it, so that the next daemon goes on there.
 * Nothing is lost while the file's bounds hold; after a crash at most the last batch is sent twice.
 */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeFileAtomic } from '../../store/atomic-write.ts';
import type { LogInfo } from '../log-info.ts';
import { type LogPosition, type LogSource, readRecords } from '../read-logs.ts';
import type { LogHost, RemoteDriver, RemoteLog } from './remote-log.ts';

const FIRST_RETRY_MILLIS = 100;
const LAST_RETRY_MILLIS = 10_000;

export interface ForwardJob {
  source: LogSource;
  /** File that holds how far it is. */
  positionPath: string;
  driver: RemoteDriver;
  options: Readonly<Record<string, string>>;
  info: LogInfo;
}

interface Running {
  /** The source has ended: only the rest is still sent. */
  ending: boolean;
  done: Promise<void>;
  controller: AbortController;
}

export class LogForwarder {
  readonly #host: LogHost;
  readonly #running = new Map<string, Running>();
  readonly #warn: (message: string, fields: Record<string, unknown>) => void;

  constructor(host: LogHost, warn: (message: string, fields: Record<string, unknown>) => void) {
    this.#host = host;
    this.#warn = warn;
  }

  /** Goes on where the container's last run or the last daemon was. While a run is followed already, nothing. */
  follow(id: string, job: ForwardJob): void {
    const before = this.#running.get(id);
    if (before && !before.ending) return;
    const controller = new AbortController();
    const done = (before?.done ?? Promise.resolve())
      .then(() => this.#send(id, job, controller.signal))
      .catch((err) => {
        if (!controller.signal.aborted) this.#warn('log not sent on', { container: id, error: (err as Error).message });
      })
      .then(() => {
        if (this.#running.get(id) === running) this.#running.delete(id);
      });
    const running: Running = { ending: false, done, controller };
    controller.signal.addEventListener('abort', () => before?.controller.abort());
    const end = () => {
      running.ending = true;
    };
    (job.source.ended ?? Promise.resolve()).then(end, end);
    this.#running.set(id, running);
  }

  /** Waits until the rest is sent, but not longer than that. */
  async drain(id: string, limitMillis: number): Promise<void> {
    const running = this.#running.get(id);
    if (!running) return;
    const limit = new AbortController();
    const late = sleep(limitMillis, undefined, { signal: limit.signal }).catch(() => {});
    await Promise.race([running.done, late]);
    limit.abort();
  }

  /** Ends the sending; what is not sent stays in the file. */
  async stop(id: string): Promise<void> {
    const running = this.#running.get(id);
    running?.controller.abort();
    await running?.done;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((id) => this.stop(id)));
  }

  async #send(id: string, job: ForwardJob, signal: AbortSignal): Promise<void> {
    const from = await readPosition(job.positionPath);
    const all = { stdout: true, stderr: true, follow: true, timestamps: false, details: false };
    let remote: RemoteLog | undefined;
    const { promise: aborted, reject: abort } = Promise.withResolvers<never>();
    aborted.catch(() => {});
    signal.addEventListener('abort', () => abort(signal.reason));
    const sent = async (records: Parameters<RemoteLog['send']>[0]): Promise<boolean> => {
      for (let delay = FIRST_RETRY_MILLIS; ; delay = Math.min(delay * 2, LAST_RETRY_MILLIS)) {
        if (signal.aborted) return false;
        try {
          remote ??= await job.driver.open(job.options, job.info, this.#host);
          // A receiver that takes nothing must not keep a removal waiting.
          await Promise.race([remote.send(records), aborted]);
          return true;
        } catch (err) {
          remote?.close();
          remote = undefined;
          if (delay === FIRST_RETRY_MILLIS && !signal.aborted) {
            this.#warn('log receiver does not answer', { container: id, error: (err as Error).message });
          }
          await sleep(delay, undefined, { signal, ref: false }).catch(() => {});
        }
      }
    };
    try {
      for await (const { records, position } of readRecords(job.source, { ...all, signal, ...(from && { from }) })) {
        if (!(await sent(records))) return;
        await writeFileAtomic(job.positionPath, JSON.stringify(position), { durable: false });
      }
    } finally {
      remote?.close();
    }
  }
}

async function readPosition(path: string): Promise<LogPosition | undefined> {
  const text = await readFile(path, 'utf8').catch((err: NodeJS.ErrnoException) => {
    if (err.code === 'ENOENT') return '{}';
    throw err;
  });
  const { file, offset } = JSON.parse(text) as Partial<LogPosition>;
  return typeof file === 'string' && typeof offset === 'number' ? { file, offset } : undefined;
}
