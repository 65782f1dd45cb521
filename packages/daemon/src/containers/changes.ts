/** ContainerChanges: what a container's root file system has that its image has not, and the other way round. */
import type { FilesystemChange } from '@tsdocker/shared/types/container.ts';
import { listChanges } from '../snapshots/pack.ts';
import type { Container } from './container.ts';
import type { Domain } from './deps.types.ts';

const KINDS = { C: 0, A: 1, D: 2 } as const;

/** Volumes and what else is mounted are not part of it. A directory stands before what is in it. */
export async function containerChanges(deps: Pick<Domain, 'images'>, c: Container): Promise<FilesystemChange[]> {
  const { lowers, upper } = await deps.images.rootfsOf(c.id);
  const changes = await listChanges({ root: upper, base: lowers });
  return changes.map(({ kind, path }) => ({ Path: path, Kind: KINDS[kind] }));
}
