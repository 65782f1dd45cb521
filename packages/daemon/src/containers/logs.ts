/** ContainerLogs. */

import { DockerError } from '@tsdocker/shared/errors.ts';
import type { Container } from './container.ts';
import type { Domain, LogRecord } from './deps.types.ts';
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
  if (c.hostConfig.LogConfig?.Type === 'none') {
    throw new DockerError('NotImplemented', 'configured logging driver does not support reading');
  }
  return { tty: c.record.config.Tty ?? false, chunks: chunksOf(deps, c, opts) };
}

async function* chunksOf(deps: Pick<Domain, 'readLogs' | 'store'>, c: Container, opts: LogOptions) {
  const { timestamps, details, ...read } = opts;
  const end = untilNextExit(c);
  try {
    for await (const record of deps.readLogs(deps.store.logPath(c.id), { ...read, ended: end.promise })) {
      if (!(record.stream === 2 ? opts.stderr : opts.stdout)) continue;
      yield { stream: record.stream, data: withPrefix(record, timestamps, details) };
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

/** `2006-01-02T15:04:05.000000000Z k=v text`: always nine digits. */
function withPrefix(record: LogRecord, timestamps: boolean, details: boolean): Buffer {
  if (!timestamps && !details) return record.data;
  let prefix = '';
  if (timestamps) {
    const seconds = new Date(Number(record.time / 1_000_000_000n) * 1000).toISOString().slice(0, 19);
    prefix = `${seconds}.${(record.time % 1_000_000_000n).toString().padStart(9, '0')}Z `;
  }
  if (details) {
    const pairs = Object.entries(record.attrs).sort(([a], [b]) => (a < b ? -1 : 1));
    prefix += `${pairs.map(([k, v]) => `${encodeURIComponent(k)}=${encodeURIComponent(v)}`).join(',')} `;
  }
  return Buffer.concat([Buffer.from(prefix), record.data]);
}
