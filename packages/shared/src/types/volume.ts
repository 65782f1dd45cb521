import type { components } from './engine-api.gen.ts';

type Schemas = components['schemas'];
export type Volume = Schemas['Volume'];
export type VolumeCreateRequest = Schemas['VolumeCreateRequest'];
export type VolumeListResponse = Schemas['VolumeListResponse'];
