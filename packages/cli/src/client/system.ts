/** Requests about the daemon itself. Each function is one Engine API operation. */
import type { AuthConfig } from '@tsdocker/shared/types/auth.ts';
import type { EventMessage } from '@tsdocker/shared/types/events.ts';
import type { SystemInfo, SystemVersion } from '@tsdocker/shared/types/system.ts';
import type { EngineClient } from './client.ts';
import { type FilterMap, filterQuery } from './container.ts';
import { parseExactJson } from './exact-json.ts';
import { jsonObjects } from './json-stream.ts';

/** SystemVersion */
export async function systemVersion(client: EngineClient): Promise<SystemVersion> {
  return (await client.request('GET', '/version')).json();
}

/** SystemInfo */
export async function systemInfo(client: EngineClient): Promise<SystemInfo> {
  return (await client.request('GET', '/info')).json();
}

/** SystemEvents, endless without `until`; timeNano comes as a bigint. @param options.since `sec.nanos` */
export async function systemEvents(
  client: EngineClient,
  options: { since?: string; until?: string; filters?: FilterMap; signal?: AbortSignal },
): Promise<AsyncGenerator<EventMessage>> {
  const query = { since: options.since, until: options.until, filters: filterQuery(options.filters) };
  const signal = options.signal ? { signal: options.signal } : {};
  const response = await client.open('GET', '/events', { query, ...signal });
  return jsonObjects<EventMessage>(response.stream(), parseExactJson);
}

/** What SystemDataUsage answers below API 1.52; later versions add totals of their own beside these. */
export interface DiskUsage {
  LayersSize?: number;
  Images?: unknown[] | null;
  Containers?: unknown[] | null;
  Volumes?: unknown[] | null;
  BuildCache?: unknown[] | null;
  [more: string]: unknown;
}

/** SystemDataUsage. `verbose` (1.52): the objects, not only the totals. */
export async function systemDiskUsage(client: EngineClient, options: { verbose?: boolean } = {}): Promise<DiskUsage> {
  return (await client.request('GET', '/system/df', { query: { verbose: options.verbose } })).json();
}

/** SystemAuth */
export async function registryLogin(
  client: EngineClient,
  auth: AuthConfig,
): Promise<{ Status: string; IdentityToken?: string }> {
  return (await client.request('POST', '/auth', { body: auth })).json();
}
