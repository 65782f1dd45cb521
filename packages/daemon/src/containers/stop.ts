/** ContainerStop. */
import type { Container } from './container.ts';
import { asDockerError, notModified, wrap } from './errors.ts';
import { publish } from './events.ts';
import { type KillDeps, killAndWait, sendSignal } from './kill.ts';
import { signalNumber } from './validate.ts';

const DEFAULT_TIMEOUT_SECONDS = 10;

export interface StopOptions {
  signal?: string;
  timeoutSeconds?: number;
}

/**
 * Sends the stop signal, waits, then kills. A request that is cancelled does not cancel the stop.
 * @param ref as the user typed it, for messages
 * @param opts.timeoutSeconds undefined = the container's own, else 10; 0 = kill at once; negative = wait for ever
 * @throws NotModified already stopped; InvalidParameter unknown signal; System the process outlived SIGKILL
 */
export async function stopContainer(deps: KillDeps, c: Container, ref: string, opts: StopOptions): Promise<void> {
  if (!c.isRunning) throw notModified('stopped');
  try {
    await stopRunning(deps, c, opts);
  } catch (err) {
    throw wrap(`cannot stop container: ${ref}`, err);
  }
}

/** As stopContainer; one that ended meanwhile is stopped. */
export async function stopRunning(deps: KillDeps, c: Container, opts: StopOptions): Promise<void> {
  const signal = signalNumber(opts.signal || c.record.config.StopSignal || 'SIGTERM');
  const timeout = opts.timeoutSeconds ?? c.record.config.StopTimeout ?? DEFAULT_TIMEOUT_SECONDS;
  // Also when another signal than its own was asked for: a stop by the user keeps it stopped.
  c.record.manuallyStopped = true;
  try {
    await sendSignal(deps, c, signal);
    const stopped = await c.untilStopped(timeout < 0 ? undefined : timeout * 1000);
    if (!stopped) await killAndWait(deps, c);
  } catch (err) {
    if (asDockerError(err).code !== 'Conflict' || c.isRunning) throw err;
  }
  publish(deps.events, c, 'stop');
}
