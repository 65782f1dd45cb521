/** ContainerKill, and the signals behind stop and rm -f. */
import type { Container } from './container.ts';
import type { Domain } from './deps.types.ts';
import { asDockerError, notRunning, system, wrap } from './errors.ts';
import { publish } from './events.ts';
import { resumeHealthMonitor } from './health.ts';
import { signalNumber } from './validate.ts';

export type KillDeps = Pick<Domain, 'events' | 'store' | 'log'>;

const SIGKILL = 9;
/** After SIGKILL a process is gone unless the kernel holds it. */
const KILL_LIMIT_MS = 10_000;

/**
 * SIGKILL (also the default) waits for the end; other signals are only sent.
 * @param find the container; what it throws is told like everything else
 * @param ref as the user typed it, for messages
 * @throws NotFound; InvalidParameter unknown signal; Conflict not running; System it outlived SIGKILL
 */
export async function killContainer(
  deps: KillDeps,
  find: () => Container,
  ref: string,
  signal?: string,
): Promise<void> {
  const number = signal ? signalNumber(signal) : SIGKILL;
  try {
    const c = find();
    if (number === SIGKILL) await killAndWait(deps, c);
    else await sendSignal(deps, c, number);
  } catch (err) {
    throw wrap(`cannot kill container: ${ref}`, err);
  }
}

/** @throws Conflict not running; System it outlived SIGKILL */
export async function killAndWait(deps: KillDeps, c: Container): Promise<void> {
  await sendSignal(deps, c, SIGKILL);
  if (await c.untilStopped(KILL_LIMIT_MS)) return;
  throw system(`tried to kill container, but did not receive an exit event`);
}

/**
 * Signals the process. A signal that means "stop" (SIGKILL, the container's stop signal, any when it has none of its own)
 * also puts the restart policy to sleep; a container that waits for its restart is stopped by that alone.
 * @throws Conflict not running
 */
export async function sendSignal(deps: KillDeps, c: Container, number: number): Promise<void> {
  await c.lock.run(async () => {
    if (!c.isRunning) throw notRunning(c.id);
    const own = c.record.config.StopSignal;
    const stops = number === SIGKILL || !own || signalNumber(own) === number;
    if (stops) {
      c.record.manuallyStopped = true;
      if (c.status === 'restarting') return stopRestarting(deps, c);
    } else if (c.status === 'restarting') return;
    try {
      if (!c.run) throw notRunning(c.id);
      await c.run.signal(number);
    } catch (err) {
      // The process has just ended: its exit is handled next.
      if (asDockerError(err).code !== 'Conflict') throw err;
    }
    publish(deps.events, c, 'kill', { signal: String(number) });
    // A frozen process gets its signal only when it goes on.
    if (stops && c.status === 'paused') await goOn(deps, c);
    if (c.record.manuallyStopped) save(deps, c);
  });
}

async function goOn(deps: KillDeps, c: Container): Promise<void> {
  await c.run?.resume().catch((err) => {
    if (asDockerError(err).code !== 'Conflict') throw err;
  });
  c.become('running');
  resumeHealthMonitor(deps, c);
  publish(deps.events, c, 'unpause');
}

function stopRestarting(deps: KillDeps, c: Container): void {
  c.cancelRestart();
  c.become('exited');
  c.signals.emit('exit');
  save(deps, c);
}

function save(deps: KillDeps, c: Container): void {
  deps.store.save(c).catch((err) => deps.log.warn('record not written', { container: c.id, error: err.message }));
}
