/** ContainerLogs. */

import { assertReadable } from '../logging/drivers.ts';
import { formatRecord } from '../logging/log-record.ts';
import type { Container } from './container.ts';
import type { Domain } from './deps.types.ts';
import { conflict, invalid } from './errors.ts';
import type { LogOptions } from './service.types.ts';

/** The answer has no end with follow, until the container stops or `opts.signal` fires. @throws InvalidParameter no stream chosen; NotImplemented the driver keeps nothing */
export function containerLogs(
  deps: Pick<Domain, 'readLogs' | 'store'>,
  c: Container,
  opts: LogOptions,
): { tty: boolean; chunks: AsyncIterable<{ stream: 1 | 2; data: Buffer }> } {
  if (!opts.stdout && !opts.stderr) throw invalid('Bad parameters: you must choose at least one stream');
  if (c.status === 'removing' || c.status === 'dead') {
    throw conflict('can not get logs from container which is dead or marked for removal');
  }
  assertReadable(c.hostConfig.LogConfig ?? {});
  return { tty: c.record.config.Tty ?? false, chunks: chunksOf(deps, c, opts) };
}

async function* chunksOf(deps: Pick<Domain, 'readLogs' | 'store'>, c: Container, opts: LogOptions) {
  const { timestamps, details, ...read } = opts;
  const end = untilNextExit(c);
  try {
    for await (const record of deps.readLogs(deps.store.logPath(c.id), { ...read, ended: end.promise })) {
      if (!(record.stream === 2 ? opts.stderr : opts.stdout)) continue;
      yield { stream: record.stream, data: formatRecord(record, { timestamps, details }) };
    }
  } finally {
    end.cancel();
  }
}

/** Following a container that does not run ends at the end of its log. */
function untilNextExit(c: Container): { promise: Promise<void>; cancel(): void } {
  if (!c.isRunning) return { promise: Promise.resolve(), cancel: () => {} };
  let done = () => {};
  const promise = new Promise<void>((resolve) => {
    done = resolve;
  });
  c.signals.once('stopped', done).once('removed', done);
  return { promise, cancel: () => c.signals.off('stopped', done).off('removed', done) };
}
