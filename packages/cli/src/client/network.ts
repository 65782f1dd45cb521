/** Requests about networks. Each function is one Engine API operation. */
import type { EndpointSettings, IPAM, NetworkInspect, NetworkSummary } from '@tsdocker/shared/types/network.ts';
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

/** Body of NetworkCreate. */
export interface NetworkCreateRequest {
  Name: string;
  Driver: string;
  Scope?: string;
  EnableIPv4?: boolean;
  EnableIPv6?: boolean;
  Internal: boolean;
  Attachable: boolean;
  Ingress: boolean;
  ConfigOnly: boolean;
  ConfigFrom?: { Network: string };
  IPAM: IPAM;
  Options: Record<string, string>;
  Labels: Record<string, string>;
}

/** NetworkCreate. @returns id and warning */
export async function networkCreate(
  client: EngineClient,
  body: NetworkCreateRequest,
): Promise<{ Id: string; Warning?: string }> {
  return (await client.request('POST', '/networks/create', { body })).json();
}

/** NetworkDelete */
export async function networkRemove(client: EngineClient, network: string): Promise<void> {
  await (await client.request('DELETE', `/networks/${encodeURIComponent(network)}`)).discard();
}

/** NetworkPrune */
export async function networksPrune(
  client: EngineClient,
  filters: FilterMap,
): Promise<{ NetworksDeleted: string[] | null }> {
  return (await client.request('POST', '/networks/prune', { query: { filters: filterQuery(filters) } })).json();
}

/** NetworkConnect */
export async function networkConnect(
  client: EngineClient,
  network: string,
  body: { Container: string; EndpointConfig: EndpointSettings },
): Promise<void> {
  await (await client.request('POST', `/networks/${encodeURIComponent(network)}/connect`, { body })).discard();
}

/** NetworkDisconnect */
export async function networkDisconnect(
  client: EngineClient,
  network: string,
  body: { Container: string; Force: boolean },
): Promise<void> {
  await (await client.request('POST', `/networks/${encodeURIComponent(network)}/disconnect`, { body })).discard();
}
