/** Container events: always the labels, the image as the user named it, and the name. */
import type { EventSink } from '../events/events.ts';
import type { Container } from './container.ts';

export function publish(
  events: EventSink,
  c: Container,
  action: string,
  attributes: Record<string, string> = {},
): void {
  const { config, name, id } = c.record;
  events.publish({
    type: 'container',
    action,
    id,
    attributes: { ...config.Labels, ...attributes, image: config.Image ?? '', name },
  });
}

/** `volume mount` and `volume unmount` of each volume, around a run. */
export function publishVolumes(events: EventSink, c: Container, action: 'mount' | 'unmount'): void {
  for (const m of c.record.mounts) {
    if (m.Type !== 'volume' || !m.Name) continue;
    const attributes: Record<string, string> = { container: c.id, driver: m.Driver ?? 'local' };
    if (action === 'mount') {
      attributes['destination'] = m.Destination;
      attributes['read/write'] = String(m.RW);
      attributes['propagation'] = m.Propagation;
    }
    events.publish({ type: 'volume', action, id: m.Name, attributes });
  }
}
