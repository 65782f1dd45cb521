/** Requests about volumes. Each function is one Engine API operation. */
import type { Volume, VolumeCreateRequest, VolumeListResponse } from '@tsdocker/shared/types/volume.ts';
import type { EngineClient } from './client.ts';
import { type FilterMap, filterQuery } from './container.ts';

const at = (volume: string): string => `/volumes/${encodeURIComponent(volume)}`;

/** VolumeList */
export async function volumeList(client: EngineClient, filters: FilterMap): Promise<VolumeListResponse> {
  return (await client.request('GET', '/volumes', { query: { filters: filterQuery(filters) } })).json();
}

/** VolumeCreate */
export async function volumeCreate(client: EngineClient, body: VolumeCreateRequest): Promise<Volume> {
  return (await client.request('POST', '/volumes/create', { body })).json();
}

/** VolumeInspect */
export async function volumeInspect(client: EngineClient, volume: string): Promise<Volume> {
  return (await client.request('GET', at(volume))).json();
}

/** VolumeDelete */
export async function volumeRemove(client: EngineClient, volume: string, options: { force?: boolean }): Promise<void> {
  await (await client.request('DELETE', at(volume), { query: { force: options.force } })).discard();
}

/** VolumePrune */
export async function volumesPrune(
  client: EngineClient,
  filters: FilterMap,
): Promise<{ VolumesDeleted: string[] | null; SpaceReclaimed: number }> {
  return (await client.request('POST', '/volumes/prune', { query: { filters: filterQuery(filters) } })).json();
}

/** VolumeUpdate. @param version index of the object that is changed */
export async function volumeUpdate(client: EngineClient, volume: string, version: number, body: object): Promise<void> {
  await (await client.request('PUT', at(volume), { query: { version }, body })).discard();
}
