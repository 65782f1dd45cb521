/** A container's files as one tree: of a running one as its process sees them, of any other one put together again. */
import { join } from 'node:path';
import type { TreeView } from '../snapshots/tree-helper.ts';
import type { Container } from './container.ts';
import type { Domain } from './deps.types.ts';
import { conflict } from './errors.ts';
import { resolveMounts } from './mounts.ts';

const ETC_FILES = ['resolv.conf', 'hostname', 'hosts'];

export type TreeDeps = Pick<Domain, 'images' | 'store'>;

/** `whole`: with volumes and binds; `own`: the root file system alone, as export and commit see it. */
export type TreePart = 'whole' | 'own';

/**
 * Calls `use` with the tree. A container that does not run is locked meanwhile: two mounts of one upper directory, ours and
 * that of a start, would damage it.
 * @throws Conflict when it is being removed
 */
export async function withTree<T>(
  deps: TreeDeps,
  c: Container,
  part: TreePart,
  use: (view: TreeView) => Promise<T>,
): Promise<T> {
  if (c.run) return await use(running(c, part));
  return await c.lock.run(async () => {
    if (c.removed || c.status === 'removing' || c.status === 'dead')
      throw conflict(`container ${c.id} is marked for removal`);
    // Started while we waited for the lock.
    if (c.run) return await use(running(c, part));
    await c.untilCleanedUp();
    const { lowers, upper, work } = await deps.images.rootfsOf(c.id);
    return await use({ lowers, upper, work, ...(part === 'whole' && { binds: await bindsOf(deps, c) }) });
  });
}

/** Its mounts are copied from its own namespace, tmpfs included. */
function running(c: Container, part: TreePart): TreeView {
  const pid = c.run?.pid as number;
  if (part === 'own') return { pid };
  return { pid, keep: [...ETC_FILES.map((name) => `/etc/${name}`), ...c.record.mounts.map((m) => m.Destination)] };
}

async function bindsOf(deps: TreeDeps, c: Container): Promise<{ source: string; target: string }[]> {
  const directory = deps.store.directory(c.id);
  const etc = ETC_FILES.map((name) => ({
    type: 'bind' as const,
    source: join(directory, name),
    destination: `/etc/${name}`,
    readOnly: false,
  }));
  // Before its first start a container has none of the three.
  const started = c.record.state.startedAt.startsWith('0001-') ? [] : etc;
  const mounts = await resolveMounts(c, started);
  return mounts.filter((m) => m.type === 'bind').map((m) => ({ source: m.source, target: m.destination }));
}
