/** What follows the end of a container's process: record, network, events, restart policy, --rm. */
import type { ExitStatus, RunningContainer } from '../runtime/runtime.ts';
import type { Container } from './container.ts';
import type { Domain } from './deps.types.ts';
import { asDockerError } from './errors.ts';
import { publish, publishVolumes } from './events.ts';
import { haltHealthMonitor } from './health.ts';
import { detachNetwork } from './network-attach.ts';
import { nextDelay, shouldRestart } from './restart-policy.ts';
import { type RemoveDeps, removeStopped } from './rm.ts';
import { formatNanos, parseNanos, secondsBetween } from './time.ts';

export type ExitDeps = RemoveDeps &
  Pick<Domain, 'networks' | 'index'> & {
    /**
     * Starts a container that is still in state `from`; takes the lock. Handed in: start needs exit, not the other way round.
     */
    relaunch(c: Container, from: 'restarting' | 'exited'): Promise<void>;
    /** True once the daemon shuts down: the next daemon does the restarts. */
    isClosing(): boolean;
  };

/** Runs once per process, whoever ended it. Never rejects. */
export async function handleExit(
  deps: ExitDeps,
  c: Container,
  run: RunningContainer,
  status: ExitStatus,
): Promise<void> {
  try {
    await c.lock.run(async () => {
      if (c.run !== run) return;
      c.run = undefined;
      await recordExit(deps, c, status, run.gone);
    });
    if (c.status === 'exited' && c.hostConfig.AutoRemove) await removeStopped(deps, c, { volumes: true });
  } catch (err) {
    deps.log.warn('exit not handled', { container: c.id, error: asDockerError(err).message });
  }
}

/** The caller holds the lock; c.run is unset already. */
export async function recordExit(deps: ExitDeps, c: Container, status: ExitStatus, gone: Promise<void>): Promise<void> {
  haltHealthMonitor(c);
  const ranNanos = status.finishedAt - parseNanos(c.record.state.startedAt);
  publish(deps.events, c, 'die', {
    exitCode: String(status.exitCode),
    execDuration: secondsBetween(parseNanos(c.record.state.startedAt), status.finishedAt),
  });
  await detachNetwork(deps, c).catch((err) =>
    deps.log.warn('network not detached', { container: c.id, error: asDockerError(err).message }),
  );
  publishVolumes(deps.events, c, 'unmount');
  const restarts =
    !deps.isClosing() &&
    shouldRestart(c.hostConfig.RestartPolicy, {
      exitCode: status.exitCode,
      restarts: c.record.restartCount,
      manuallyStopped: c.record.manuallyStopped,
    });
  if (restarts) scheduleRestart(deps, c, Number(ranNanos / 1_000_000n));
  c.become(restarts ? 'restarting' : 'exited', {
    pid: 0,
    exitCode: status.exitCode,
    oomKilled: status.oomKilled,
    finishedAt: formatNanos(status.finishedAt),
  });
  c.signals.emit('exit');
  // The shim's own note of the exit goes only when ours is on disk, so that a daemon killed in between still learns the code.
  const saved = c.hostConfig.AutoRemove ? Promise.resolve() : deps.store.save(c);
  c.previousGone = Promise.all([gone, saved])
    .then(() => deps.runtime.forget(c.id))
    .catch((err) => deps.log.warn('exit not recorded', { container: c.id, error: asDockerError(err).message }));
}

function scheduleRestart(deps: ExitDeps, c: Container, ranMillis: number): void {
  c.record.restartCount++;
  c.restartDelay = nextDelay(c.restartDelay, ranMillis);
  c.restartTimer = setTimeout(() => {
    c.restartTimer = undefined;
    deps
      .relaunch(c, 'restarting')
      .catch((err) => deps.log.warn('restart failed', { container: c.id, error: asDockerError(err).message }));
  }, c.restartDelay);
}
