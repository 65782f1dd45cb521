/** ContainerPrune. */
import type { Filters } from '@tsdocker/shared/filters.ts';
import type { Domain } from './deps.types.ts';
import { asDockerError } from './errors.ts';
import { compilePruneFilters } from './list-filters.ts';
import { type RemoveDeps, removeStopped } from './rm.ts';

/** Removes what does not run. One that cannot be removed is logged and left. @throws InvalidParameter bad filter */
export async function pruneContainers(
  deps: RemoveDeps & Pick<Domain, 'index' | 'images'>,
  filters: Filters,
): Promise<{ deleted: string[]; reclaimedBytes: number }> {
  const matches = compilePruneFilters(filters);
  const deleted: string[] = [];
  let reclaimedBytes = 0;
  for (const c of [...deps.index.values()]) {
    if (c.isRunning || c.removed || c.status === 'removing' || !matches(c)) continue;
    try {
      const { rwBytes } = await deps.images.rootfsUsage(c.id);
      await removeStopped(deps, c, { volumes: false });
      deleted.push(c.id);
      reclaimedBytes += rwBytes;
    } catch (err) {
      deps.log.warn('container not pruned', { container: c.id, error: asDockerError(err).message });
    }
  }
  deps.events.publish({
    type: 'container',
    action: 'prune',
    id: '',
    attributes: { reclaimed: String(reclaimedBytes) },
  });
  return { deleted, reclaimedBytes };
}
