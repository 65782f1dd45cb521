/** ContainerPause and ContainerUnpause. */
import type { Container } from './container.ts';
import type { Domain } from './deps.types.ts';
import { alreadyPaused, isRestarting, notPaused, notRunning, wrap } from './errors.ts';
import { publish } from './events.ts';
import { haltHealthMonitor, resumeHealthMonitor } from './health.ts';

type PauseDeps = Pick<Domain, 'events' | 'store' | 'log'>;

/** @throws Conflict not running, paused already or restarting */
export async function pauseContainer(deps: PauseDeps, c: Container): Promise<void> {
  await c.lock.run(async () => {
    if (c.status === 'paused') throw alreadyPaused(c.id);
    if (c.status === 'restarting') throw isRestarting(c.id);
    if (c.status !== 'running' || !c.run) throw notRunning(c.id);
    await c.run.pause().catch((err) => {
      throw wrap(`cannot pause container ${c.id}`, err);
    });
    c.become('paused');
    haltHealthMonitor(c);
    publish(deps.events, c, 'pause');
    await deps.store.save(c);
  });
}

/** @throws System not paused */
export async function unpauseContainer(deps: PauseDeps, c: Container): Promise<void> {
  await c.lock.run(async () => {
    if (c.status !== 'paused' || !c.run) throw notPaused(c.id);
    await c.run.resume().catch((err) => {
      throw wrap(`cannot unpause container ${c.id}`, err);
    });
    c.become('running');
    resumeHealthMonitor(deps, c);
    publish(deps.events, c, 'unpause');
    await deps.store.save(c);
  });
}
