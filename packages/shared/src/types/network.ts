import type { components } from './engine-api.gen.ts';

type Schemas = components['schemas'];
export type Network = Schemas['Network'];
export type NetworkSummary = Schemas['NetworkSummary'];
export type NetworkInspect = Schemas['NetworkInspect'];
export type EndpointSettings = Partial<Schemas['EndpointSettings']>;
export type IPAM = Schemas['IPAM'];
