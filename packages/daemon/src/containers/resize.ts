/** ContainerResize. */
import type { Container } from './container.ts';
import type { Domain } from './deps.types.ts';
import { notRunning } from './errors.ts';
import { publish } from './events.ts';

/** @throws Conflict not running */
export async function resizeContainer(
  deps: Pick<Domain, 'events'>,
  c: Container,
  size: { height: number; width: number },
): Promise<void> {
  if (!c.run) throw notRunning(c.id);
  await c.run.resize(size);
  publish(deps.events, c, 'resize', { height: String(size.height), width: String(size.width) });
}
