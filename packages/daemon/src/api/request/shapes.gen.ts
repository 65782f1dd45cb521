/**
 * Shapes of the Engine API 1.55 request bodies, generated from its schema definitions; do not edit.
 */
import type { ObjectShape, Shape } from './shape.ts';

const HealthConfig: ObjectShape = { struct: 'HealthConfig', fields: { Test: { list: 'string' }, Interval: 'int64', Timeout: 'int64', Retries: 'int64', StartPeriod: 'int64', StartInterval: 'int64' } };

export const ContainerConfig: ObjectShape = { struct: 'ContainerConfig', fields: { Hostname: 'string', Domainname: 'string', User: 'string', AttachStdin: 'bool', AttachStdout: 'bool', AttachStderr: 'bool', ExposedPorts: { map: 'any' }, Tty: 'bool', OpenStdin: 'bool', StdinOnce: 'bool', Env: { list: 'string' }, Cmd: 'strslice', Healthcheck: HealthConfig, ArgsEscaped: 'bool', Image: 'string', Volumes: { map: 'any' }, WorkingDir: 'string', Entrypoint: 'strslice', NetworkDisabled: 'bool', OnBuild: { list: 'string' }, Labels: { map: 'string' }, StopSignal: 'string', StopTimeout: 'int64', Shell: { list: 'string' } } };

const ThrottleDevice: ObjectShape = { struct: 'ThrottleDevice', fields: { Path: 'string', Rate: 'int64' } };

const DeviceMapping: ObjectShape = { struct: 'DeviceMapping', fields: { PathOnHost: 'string', PathInContainer: 'string', CgroupPermissions: 'string' } };

const DeviceRequest: ObjectShape = { struct: 'DeviceRequest', fields: { Driver: 'string', Count: 'int64', DeviceIDs: { list: 'string' }, Capabilities: { list: { list: 'string' } }, Options: { map: 'string' } } };

const PortBinding: ObjectShape = { struct: 'PortBinding', fields: { HostIp: 'string', HostPort: 'string' } };

const PortMap: Shape = { map: { list: PortBinding } };

export const RestartPolicy: ObjectShape = { struct: 'RestartPolicy', fields: { Name: 'string', MaximumRetryCount: 'int64' } };

const Mount: ObjectShape = { struct: 'Mount', fields: { Target: 'string', Source: 'string', Type: 'string', ReadOnly: 'bool', Consistency: 'string', BindOptions: { struct: 'BindOptions', fields: { Propagation: 'string', NonRecursive: 'bool', CreateMountpoint: 'bool', ReadOnlyNonRecursive: 'bool', ReadOnlyForceRecursive: 'bool' } }, VolumeOptions: { struct: 'VolumeOptions', fields: { NoCopy: 'bool', Labels: { map: 'string' }, DriverConfig: { struct: 'DriverConfig', fields: { Name: 'string', Options: { map: 'string' } } }, Subpath: 'string' } }, ImageOptions: { struct: 'ImageOptions', fields: { Subpath: 'string' } }, TmpfsOptions: { struct: 'TmpfsOptions', fields: { SizeBytes: 'int64', Mode: 'int64', Options: { list: { list: 'string' } } } } } };

export const HostConfig: ObjectShape = { struct: 'HostConfig', fields: { CpuShares: 'int64', Memory: 'int64', CgroupParent: 'string', BlkioWeight: 'int64', BlkioWeightDevice: { list: { struct: 'BlkioWeightDevice', fields: { Path: 'string', Weight: 'int64' } } }, BlkioDeviceReadBps: { list: ThrottleDevice }, BlkioDeviceWriteBps: { list: ThrottleDevice }, BlkioDeviceReadIOps: { list: ThrottleDevice }, BlkioDeviceWriteIOps: { list: ThrottleDevice }, CpuPeriod: 'int64', CpuQuota: 'int64', CpuRealtimePeriod: 'int64', CpuRealtimeRuntime: 'int64', CpusetCpus: 'string', CpusetMems: 'string', Devices: { list: DeviceMapping }, DeviceCgroupRules: { list: 'string' }, DeviceRequests: { list: DeviceRequest }, MemoryReservation: 'int64', MemorySwap: 'int64', MemorySwappiness: 'int64', NanoCpus: 'int64', OomKillDisable: 'bool', Init: 'bool', PidsLimit: 'int64', Ulimits: { list: { struct: 'Ulimits', fields: { Name: 'string', Soft: 'int64', Hard: 'int64' } } }, CpuCount: 'int64', CpuPercent: 'int64', IOMaximumIOps: 'int64', IOMaximumBandwidth: 'int64', Binds: { list: 'string' }, ContainerIDFile: 'string', LogConfig: { struct: 'LogConfig', fields: { Type: 'string', Config: { map: 'string' } } }, NetworkMode: 'string', PortBindings: PortMap, RestartPolicy: RestartPolicy, AutoRemove: 'bool', VolumeDriver: 'string', VolumesFrom: { list: 'string' }, Mounts: { list: Mount }, ConsoleSize: { list: 'int64' }, Annotations: { map: 'string' }, CapAdd: { list: 'string' }, CapDrop: { list: 'string' }, CgroupnsMode: 'string', Dns: { list: 'string' }, DnsOptions: { list: 'string' }, DnsSearch: { list: 'string' }, ExtraHosts: { list: 'string' }, GroupAdd: { list: 'string' }, IpcMode: 'string', Cgroup: 'string', Links: { list: 'string' }, OomScoreAdj: 'int64', PidMode: 'string', Privileged: 'bool', PublishAllPorts: 'bool', ReadonlyRootfs: 'bool', SecurityOpt: { list: 'string' }, StorageOpt: { map: 'string' }, Tmpfs: { map: 'string' }, UTSMode: 'string', UsernsMode: 'string', ShmSize: 'int64', Sysctls: { map: 'string' }, Runtime: 'string', Isolation: 'string', MaskedPaths: { list: 'string' }, ReadonlyPaths: { list: 'string' } } };

const EndpointIPAMConfig: ObjectShape = { struct: 'EndpointIPAMConfig', fields: { IPv4Address: 'string', IPv6Address: 'string', LinkLocalIPs: { list: 'string' } } };

const EndpointSettings: ObjectShape = { struct: 'EndpointSettings', fields: { IPAMConfig: EndpointIPAMConfig, Links: { list: 'string' }, MacAddress: 'string', Aliases: { list: 'string' }, DriverOpts: { map: 'string' }, GwPriority: 'int64', NetworkID: 'string', EndpointID: 'string', Gateway: 'string', IPAddress: 'string', IPPrefixLen: 'int64', IPv6Gateway: 'string', GlobalIPv6Address: 'string', GlobalIPv6PrefixLen: 'int64', DNSNames: { list: 'string' } } };

export const NetworkingConfig: ObjectShape = { struct: 'NetworkingConfig', fields: { EndpointsConfig: { map: EndpointSettings } } };

const Topology: ObjectShape = { struct: 'Topology', fields: { Segments: { map: 'string' } } };

const ClusterVolumeSpec: ObjectShape = { struct: 'ClusterVolumeSpec', fields: { Group: 'string', AccessMode: { struct: 'AccessMode', fields: { Scope: 'string', Sharing: 'string', MountVolume: 'any', Secrets: { list: { struct: 'Secrets', fields: { Key: 'string', Secret: 'string' } } }, AccessibilityRequirements: { struct: 'AccessibilityRequirements', fields: { Requisite: { list: Topology }, Preferred: { list: Topology } } }, CapacityRange: { struct: 'CapacityRange', fields: { RequiredBytes: 'int64', LimitBytes: 'int64' } }, Availability: 'string' } } } };

export const VolumeCreateRequest: ObjectShape = { struct: 'VolumeCreateRequest', fields: { Name: 'string', Driver: 'string', DriverOpts: { map: 'string' }, Labels: { map: 'string' }, ClusterVolumeSpec: ClusterVolumeSpec } };

export const Resources: ObjectShape = { struct: 'Resources', fields: { CpuShares: 'int64', Memory: 'int64', CgroupParent: 'string', BlkioWeight: 'int64', BlkioWeightDevice: { list: { struct: 'BlkioWeightDevice', fields: { Path: 'string', Weight: 'int64' } } }, BlkioDeviceReadBps: { list: ThrottleDevice }, BlkioDeviceWriteBps: { list: ThrottleDevice }, BlkioDeviceReadIOps: { list: ThrottleDevice }, BlkioDeviceWriteIOps: { list: ThrottleDevice }, CpuPeriod: 'int64', CpuQuota: 'int64', CpuRealtimePeriod: 'int64', CpuRealtimeRuntime: 'int64', CpusetCpus: 'string', CpusetMems: 'string', Devices: { list: DeviceMapping }, DeviceCgroupRules: { list: 'string' }, DeviceRequests: { list: DeviceRequest }, MemoryReservation: 'int64', MemorySwap: 'int64', MemorySwappiness: 'int64', NanoCpus: 'int64', OomKillDisable: 'bool', Init: 'bool', PidsLimit: 'int64', Ulimits: { list: { struct: 'Ulimits', fields: { Name: 'string', Soft: 'int64', Hard: 'int64' } } }, CpuCount: 'int64', CpuPercent: 'int64', IOMaximumIOps: 'int64', IOMaximumBandwidth: 'int64' } };
