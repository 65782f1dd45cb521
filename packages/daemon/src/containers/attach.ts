/** ContainerAttach: to a running container, or to one that is about to start. */
import type { ProcessStreams, RunningContainer } from '../runtime/runtime.ts';
import type { Container } from './container.ts';
import type { Domain } from './deps.types.ts';
import { parseDetachKeys } from './detach-keys.ts';
import { isRestarting, pausedBefore } from './errors.ts';
import { publish } from './events.ts';
import { logFileOf } from './log-file.ts';
import { replayLog } from './replay.ts';
import type { AttachOptions, ClientStreams, OpenStreams } from './service.types.ts';
import { runSession } from './stream-session.ts';
import { nowNanos } from './time.ts';

type AttachDeps = Pick<Domain, 'events' | 'readLogs' | 'store'>;

/**
 * Subscribes before the client is answered, so that a client that starts the container next misses nothing.
 * @throws InvalidParameter bad detach keys; Conflict paused or restarting
 */
export async function attachContainer(
  deps: AttachDeps,
  c: Container,
  opts: AttachOptions & { ref: string },
  open: OpenStreams,
): Promise<void> {
  const keys = parseDetachKeys(opts.detachKeys);
  if (c.status === 'paused') throw pausedBefore(opts.ref, 'attach');
  if (c.status === 'restarting') throw isRestarting(opts.ref);
  const tty = c.record.config.Tty ?? false;
  const liveSince = opts.stream ? nowNanos() : undefined;
  const subscription = opts.stream ? subscribe(c, opts) : undefined;
  try {
    const client = await open(tty);
    publish(deps.events, c, 'attach');
    const overlap = opts.logs
      ? await replayLog(
          deps.readLogs,
          logFileOf(deps, c),
          { stdout: opts.stdout, stderr: opts.stderr },
          client,
          liveSince,
        )
      : undefined;
    const streams = await Promise.race([subscription?.streams, clientClosed(client)]);
    if (!streams) return;
    const end = await runSession(streams, client, {
      stdin: opts.stdin && (c.record.config.OpenStdin ?? false),
      stdout: opts.stdout,
      stderr: opts.stderr,
      detachKeys: tty ? keys : undefined,
      closeStdin: (c.record.config.StdinOnce ?? false) && !tty,
      overlap,
    });
    if (end === 'detach') publish(deps.events, c, 'detach');
  } finally {
    subscription?.cancel();
  }
}

/** The streams of the present process, or of the next one; undefined when there will be none. */
function subscribe(
  c: Container,
  opts: AttachOptions,
): { streams: Promise<ProcessStreams | undefined>; cancel(): void } {
  const wanted = { stdin: opts.stdin, stdout: opts.stdout, stderr: opts.stderr };
  if (c.run) {
    const streams = c.run.attach(wanted);
    return { streams: Promise.resolve(streams), cancel: () => streams.close() };
  }
  let run: RunningContainer | undefined;
  let attached: ProcessStreams | undefined;
  let settle: (streams: ProcessStreams | undefined) => void = () => {};
  const streams = new Promise<ProcessStreams | undefined>((resolve) => {
    settle = resolve;
  });
  const onCreated = (created: RunningContainer) => {
    run = created;
    attached = run.attach(wanted);
    settle(attached);
  };
  const onNever = () => {
    settle(undefined);
    // A start that failed after its shim existed leaves the streams behind. Once the program has run, its output ends by
    // itself: the container may be removed, or fail to start again, before a slow client has read all of it.
    if (run?.pid === 0) attached?.close();
  };
  c.signals.once('created', onCreated).once('failed', onNever).once('removed', onNever);
  const cancel = () => {
    c.signals.off('created', onCreated).off('failed', onNever).off('removed', onNever);
    attached?.close();
  };
  return { streams, cancel };
}

function clientClosed(client: ClientStreams): Promise<undefined> {
  return new Promise((resolve) => {
    client.stdout.once('close', () => resolve(undefined));
    client.stdout.on('error', () => resolve(undefined));
    if (client.stdout.destroyed) resolve(undefined);
  });
}
