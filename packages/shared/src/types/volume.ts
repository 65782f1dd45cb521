import type { components } from './engine-api.gen.ts';

type Schemas = components['schemas'];
export type Volume = Schemas['Volume'];
/** Every field may be absent, as clients send it. */
export type VolumeCreateRequest = Partial<Schemas['VolumeCreateRequest']>;
export type VolumeListResponse = Schemas['VolumeListResponse'];
