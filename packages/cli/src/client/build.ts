/** Requests about builds. Each function is one Engine API operation. */
import type { EngineClient } from './client.ts';
import { type FilterMap, filterQuery } from './container.ts';

/** BuildPrune */
export async function buildPrune(
  client: EngineClient,
  options: { all: boolean; filters: FilterMap },
): Promise<{ CachesDeleted: string[] | null; SpaceReclaimed: number }> {
  const query = { all: options.all, filters: filterQuery(options.filters) };
  return (await client.request('POST', '/build/prune', { query })).json();
}
