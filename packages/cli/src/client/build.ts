/** Requests about builds. Each function is one Engine API operation. */
import type { Readable } from 'node:stream';
import type { EngineClient, Query } from './client.ts';
import { type FilterMap, filterQuery } from './container.ts';
import { jsonObjects } from './json-stream.ts';

/** One of the objects a build answers with; `aux` of those with the id `tsdocker.build` is an event. */
export interface BuildMessage {
  id?: string;
  aux?: unknown;
  stream?: string;
  error?: string;
  errorDetail?: { code?: number; message: string };
}

/** ImageBuild */
export async function imageBuild(
  client: EngineClient,
  options: {
    query: Query;
    headers: Record<string, string>;
    context: Readable | Iterable<Buffer>;
    signal?: AbortSignal;
  },
): Promise<AsyncGenerator<BuildMessage>> {
  const { query, headers, context, signal } = options;
  const response = await client.open('POST', '/build', { query, headers, body: context, ...(signal && { signal }) });
  return jsonObjects<BuildMessage>(response.stream());
}

/** BuildPrune */
export async function buildPrune(
  client: EngineClient,
  options: { all: boolean; filters: FilterMap; keepBytes?: number },
): Promise<{ CachesDeleted: string[] | null; SpaceReclaimed: number }> {
  const query = { all: options.all, filters: filterQuery(options.filters), 'reserved-space': options.keepBytes };
  return (await client.request('POST', '/build/prune', { query })).json();
}
