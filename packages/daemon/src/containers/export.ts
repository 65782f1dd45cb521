/** ContainerExport: the root file system as a tar, without volumes. */
import { packTree } from '../snapshots/pack.ts';
import type { Container } from './container.ts';
import type { Domain } from './deps.types.ts';
import { conflict } from './errors.ts';
import { publish } from './events.ts';
import type { OpenDownload } from './service.types.ts';
import { type TreeDeps, withTree } from './tree.ts';

/** @throws Conflict while it is being removed */
export async function exportContainer(
  deps: TreeDeps & Pick<Domain, 'events'>,
  c: Container,
  open: OpenDownload,
): Promise<void> {
  if (c.status === 'dead') throw conflict(`You cannot export container ${c.id} which is Dead`);
  if (c.removed || c.status === 'removing')
    throw conflict(`You cannot export container ${c.id} which is being removed`);
  await withTree(deps, c, 'own', async (view) => {
    let write: Awaited<ReturnType<OpenDownload>> | undefined;
    for await (const chunk of packTree(view)) {
      write ??= await open();
      if (!(await write(chunk))) return;
    }
  });
  publish(deps.events, c, 'export');
}
