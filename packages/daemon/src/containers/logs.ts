/** ContainerLogs. */

import { DockerError } from '@tsdocker/shared/errors.ts';
import type { Container } from './container.ts';
import type { Domain } from './deps.types.ts';
import { conflict, invalid } from './errors.ts';
import { isReadable, logFileOf } from './log-file.ts';
import type { LogChunk, LogOptions } from './service.types.ts';

/** The answer has no end with follow, until the container stops or `opts.signal` fires. @throws InvalidParameter no stream chosen; NotImplemented the driver keeps nothing */
export function containerLogs(
  deps: Pick<Domain, 'readLogs' | 'store'>,
  c: Container,
  opts: LogOptions,
): { tty: boolean; chunks: AsyncIterable<LogChunk[]> } {
  if (!opts.stdout && !opts.stderr) throw invalid('Bad parameters: you must choose at least one stream');
  if (c.status === 'removing' || c.status === 'dead') {
    throw conflict('can not get logs from container which is dead or marked for removal');
  }
  if (!isReadable(c)) {
    throw new DockerError('NotImplemented', 'configured logging driver does not support reading');
  }
  return { tty: c.record.config.Tty ?? false, chunks: chunksOf(deps, c, opts) };
}

async function* chunksOf(deps: Pick<Domain, 'readLogs' | 'store'>, c: Container, opts: LogOptions) {
  const end = untilStopped(c);
  try {
    yield* deps.readLogs({ ...logFileOf(deps, c), ended: end.promise }, opts);
  } finally {
    end.cancel();
  }
}

/** Following a container that does not run ends at the end of its log. */
export function untilStopped(c: Container): { promise: Promise<void>; cancel(): void } {
  if (!c.isRunning) return { promise: Promise.resolve(), cancel: () => {} };
  let done = () => {};
  const promise = new Promise<void>((resolve) => {
    done = resolve;
  });
  c.signals.once('stopped', done).once('removed', done);
  return { promise, cancel: () => c.signals.off('stopped', done).off('removed', done) };
}
