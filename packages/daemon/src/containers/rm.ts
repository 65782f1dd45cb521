/** ContainerDelete, and the removal behind --rm and prune. */
import type { Container } from './container.ts';
import type { Domain } from './deps.types.ts';
import { asDockerError, conflict, removalInProgress, system } from './errors.ts';
import { publish } from './events.ts';
import { type KillDeps, killAndWait } from './kill.ts';
import { releaseMounts } from './mounts.ts';

export type RemoveDeps = Pick<
  Domain,
  'runtime' | 'images' | 'volumes' | 'store' | 'events' | 'index' | 'log' | 'logForwarding' | 'logCompression'
> &
  KillDeps;

/** A forced removal that keeps losing against a restart gives up after so many kills. */
const KILL_TRIES = 3;
/** For the last output on its way to a remote log; what does not answer by then does not get it. */
const DRAIN_LIMIT_MS = 2000;

/**
 * @param ref as the user typed it, for messages
 * @throws Conflict running and not forced, or another removal is under way; System the removal failed: the container is dead then
 */
export async function removeContainer(
  deps: RemoveDeps,
  c: Container,
  ref: string,
  opts: { force: boolean; volumes: boolean; link: boolean },
): Promise<void> {
  if (opts.link) throw conflict('Conflict, cannot remove the default link name of the container');
  if (c.status === 'removing') throw removalInProgress(ref);
  for (let tries = 0; c.isRunning; tries++) {
    if (!opts.force || tries === KILL_TRIES) throw stillRunning(c);
    try {
      await killAndWait(deps, c);
    } catch (err) {
      // It ended by itself in the meantime: what was wanted.
      if (asDockerError(err).code !== 'Conflict') {
        throw system(`cannot remove container "/${c.name}": could not kill: ${asDockerError(err).message}`, err);
      }
    }
  }
  await removeStopped(deps, c, { volumes: opts.volumes || (c.hostConfig.AutoRemove ?? false) });
}

function stillRunning(c: Container): Error {
  const what = `cannot remove container "/${c.name}": container is ${c.status}`;
  if (c.status === 'paused') return conflict(`${what} and must be unpaused first`);
  return conflict(`${what}: stop the container before removing or force remove`);
}

/** Removes a container that does not run; one that is gone already is no error. @throws Conflict it was started meanwhile */
export async function removeStopped(deps: RemoveDeps, c: Container, opts: { volumes: boolean }): Promise<void> {
  await c.lock.run(async () => {
    if (c.removed) return;
    if (c.isRunning) throw stillRunning(c);
    c.become('removing');
    try {
      await c.untilCleanedUp();
      await deps.logForwarding?.drain(c.id, DRAIN_LIMIT_MS);
      await deps.logForwarding?.stop(c.id);
      await deps.logCompression?.stop(c.id);
      const directory = await deps.store.retire(c.id, opts.volumes);
      await deps.images.removeRootfs(c.id).catch(async (err) => {
        await deps.store.unretire(c.id, directory);
        throw err;
      });
      await releaseMounts(deps, c.id, c.record.mounts, opts.volumes);
      c.removed = true;
      deps.store.discard(directory);
    } catch (err) {
      const { message } = asDockerError(err);
      c.become('dead', { error: message });
      c.removalError = message;
      c.signals.emit('removed');
      throw system(`unable to remove filesystem for ${c.id}: ${message}`, err);
    }
    deps.index.delete(c);
    publish(deps.events, c, 'destroy');
    c.signals.emit('removed');
  });
}
