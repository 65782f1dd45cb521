import type { Readable, Writable } from 'node:stream';
import { StdcopyDecoder } from '@tsdocker/shared/stdcopy.ts';

/** Where the container's output goes; what has no place is read and dropped. */
export interface OutputTargets {
  stdout?: Writable | undefined;
  stderr?: Writable | undefined;
}

/**
 * Copies the container's output until it ends: as it is for a terminal, else by its frames. The connection is not read while
 * a target is full.
 * @throws what the connection or a target threw; an error that the daemon put into the stream
 */
export async function copyOutput(connection: Readable, targets: OutputTargets, raw: boolean): Promise<void> {
  const full = new Set<Writable>();
  const put = (target: Writable | undefined, data: Buffer): void => {
    if (target && !target.write(data)) full.add(target);
  };
  const decoder = new StdcopyDecoder((stream, data) => put(stream === 2 ? targets.stderr : targets.stdout, data));
  try {
    for await (const chunk of connection) {
      if (raw) put(targets.stdout, chunk);
      else decoder.push(chunk);
      for (const target of full) await drained(target);
      full.clear();
    }
  } catch (err) {
    // The container's end closes both halves. That our input found nobody says nothing about the output.
    if ((err as NodeJS.ErrnoException).syscall !== 'write') throw err;
  }
}

/** Resolves when the target takes more; rejects when it never will. */
function drained(target: Writable): Promise<void> {
  return new Promise((resolve, reject) => {
    if (target.errored || target.destroyed) return reject(target.errored ?? new Error('write after close'));
    if (!target.writableNeedDrain) return resolve();
    const settle = (err?: Error): void => {
      target.off('drain', settle).off('error', settle).off('close', onClose);
      if (err) reject(err);
      else resolve();
    };
    const onClose = (): void => settle(new Error('write after close'));
    target.on('drain', settle).on('error', settle).on('close', onClose);
  });
}
