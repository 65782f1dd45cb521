/** Requests about networks. Each function is one Engine API operation. */
import type { NetworkInspect, NetworkSummary } from '@tsdocker/shared/types/network.ts';
import type { EngineClient } from './client.ts';
import { type FilterMap, filterQuery } from './container.ts';

/** NetworkList */
export async function networkList(client: EngineClient, filters: FilterMap): Promise<NetworkSummary[]> {
  return (await client.request('GET', '/networks', { query: { filters: filterQuery(filters) } })).json();
}

/** NetworkInspect */
export async function networkInspect(
  client: EngineClient,
  network: string,
  options: { verbose?: boolean; scope?: string } = {},
): Promise<NetworkInspect> {
  const query = { verbose: options.verbose, scope: options.scope };
  return (await client.request('GET', `/networks/${encodeURIComponent(network)}`, { query })).json();
}
