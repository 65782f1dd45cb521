import type { components } from './engine-api.gen.ts';

type Schemas = components['schemas'];
export type SystemInfo = Schemas['SystemInfo'];
export type SystemVersion = Schemas['SystemVersion'];
