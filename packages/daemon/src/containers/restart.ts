/** ContainerRestart: stop, if it runs, and start. */
import type { Container } from './container.ts';
import { asDockerError, wrap } from './errors.ts';
import { publish } from './events.ts';
import { type StartDeps, startContainer } from './start.ts';
import { type StopOptions, stopRunning } from './stop.ts';

/** @param ref as the user typed it, for messages @throws as stop and start */
export async function restartContainer(deps: StartDeps, c: Container, ref: string, opts: StopOptions): Promise<void> {
  // --rm would remove it between stop and start.
  const autoRemove = c.hostConfig.AutoRemove;
  c.hostConfig.AutoRemove = false;
  try {
    if (c.isRunning) await stopRunning(deps, c, opts);
    await startContainer(deps, c).catch((err) => {
      // Another client started it first: it is running, and freshly so.
      if (asDockerError(err).code !== 'NotModified') throw err;
    });
  } catch (err) {
    throw wrap(`Cannot restart container ${ref}`, err);
  } finally {
    c.hostConfig.AutoRemove = autoRemove;
  }
  publish(deps.events, c, 'restart');
}
