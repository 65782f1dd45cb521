/** ContainerRename. */
import type { Container } from './container.ts';
import type { Domain } from './deps.types.ts';
import { conflict, invalid, wrap } from './errors.ts';
import { publish } from './events.ts';
import { checkName } from './names.ts';

/** @throws InvalidParameter bad or same name; Conflict the name is taken, or the container is being removed */
export async function renameContainer(
  deps: Pick<Domain, 'index' | 'store' | 'events'>,
  c: Container,
  name: string,
): Promise<void> {
  if (name === '') throw invalid('neither old nor new names may be empty');
  await c.lock.run(async () => {
    const wanted = name.replace(/^\//, '');
    const old = c.name;
    if (c.removed || c.status === 'removing' || c.status === 'dead') {
      throw conflict('container is marked for removal and cannot be renamed');
    }
    if (wanted === old) throw invalid('renaming a container with the same name as its current name');
    try {
      checkName(`/${wanted}`);
      deps.index.reserve(wanted, c.id);
    } catch (err) {
      throw wrap('error when allocating new name', err);
    }
    c.record.name = wanted;
    try {
      await deps.store.save(c);
    } catch (err) {
      c.record.name = old;
      deps.index.release(wanted, c.id);
      throw err;
    }
    deps.index.release(old, c.id);
    publish(deps.events, c, 'rename', { oldName: `/${old}` });
  });
}
