import type { components } from './engine-api.gen.ts';

type Schemas = components['schemas'];

/** What to run: the portable half of a container. Every field may be absent, as clients send it. */
export type ContainerConfig = Partial<Schemas['ContainerConfig']>;
/** How this host runs it: limits, mounts, namespaces, ports. */
export type HostConfig = Partial<Schemas['HostConfig']>;
/** cgroup limits and devices; part of HostConfig and the body of ContainerUpdate. */
export type Resources = Partial<Schemas['Resources']>;
export type NetworkingConfig = Schemas['NetworkingConfig'];
/** Body of ContainerCreate (POST /containers/create). */
export type ContainerCreateRequest = ContainerConfig & {
  HostConfig?: HostConfig;
  NetworkingConfig?: NetworkingConfig;
};
export type ContainerCreateResponse = Schemas['ContainerCreateResponse'];
export type ContainerInspect = Schemas['ContainerInspectResponse'];
export type ContainerSummary = Schemas['ContainerSummary'];
export type ContainerState = Schemas['ContainerState'];
export type ContainerTopResponse = Schemas['ContainerTopResponse'];
export type ContainerWaitResponse = Schemas['ContainerWaitResponse'];
export type ContainerStats = Schemas['ContainerStatsResponse'];
export type FilesystemChange = Schemas['FilesystemChange'];
export type HealthConfig = Schemas['HealthConfig'];
export type Mount = Schemas['Mount'];
export type MountPoint = Schemas['MountPoint'];
export type DeviceMapping = Schemas['DeviceMapping'];
export type RestartPolicy = Schemas['RestartPolicy'];
export type PortMap = Schemas['PortMap'];
export type PortBinding = Schemas['PortBinding'];
export type PortSummary = Schemas['PortSummary'];
