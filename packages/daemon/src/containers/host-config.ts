/** HostConfig with every field as inspect shows it: what is unset gets Docker's default. */
import type { HostConfig } from '@tsdocker/shared/types/container.ts';
import type { ContainersDeps } from './deps.types.ts';

const MEBIBYTE = 1024 * 1024;
export const DEFAULT_SHM_BYTES = 64 * MEBIBYTE;

/** The order is that of Docker's answer. `null` is what Go prints for a list nobody gave. */
const UNSET: Record<string, unknown> = {
  Binds: null,
  ContainerIDFile: '',
  LogConfig: null,
  NetworkMode: 'bridge',
  PortBindings: {},
  RestartPolicy: { Name: 'no', MaximumRetryCount: 0 },
  AutoRemove: false,
  VolumeDriver: '',
  VolumesFrom: null,
  ConsoleSize: [0, 0],
  CapAdd: null,
  CapDrop: null,
  CgroupnsMode: '',
  Dns: [],
  DnsOptions: [],
  DnsSearch: [],
  ExtraHosts: null,
  GroupAdd: null,
  IpcMode: 'private',
  Cgroup: '',
  Links: null,
  OomScoreAdj: 0,
  PidMode: '',
  Privileged: false,
  PublishAllPorts: false,
  ReadonlyRootfs: false,
  SecurityOpt: null,
  UTSMode: '',
  UsernsMode: '',
  ShmSize: DEFAULT_SHM_BYTES,
  Runtime: '',
  Isolation: '',
  CpuShares: 0,
  Memory: 0,
  NanoCpus: 0,
  CgroupParent: '',
  BlkioWeight: 0,
  BlkioWeightDevice: [],
  BlkioDeviceReadBps: [],
  BlkioDeviceWriteBps: [],
  BlkioDeviceReadIOps: [],
  BlkioDeviceWriteIOps: [],
  CpuPeriod: 0,
  CpuQuota: 0,
  CpuRealtimePeriod: 0,
  CpuRealtimeRuntime: 0,
  CpusetCpus: '',
  CpusetMems: '',
  Devices: [],
  DeviceCgroupRules: null,
  DeviceRequests: null,
  MemoryReservation: 0,
  MemorySwap: 0,
  MemorySwappiness: null,
  OomKillDisable: null,
  PidsLimit: null,
  Ulimits: [],
  CpuCount: 0,
  CpuPercent: 0,
  IOMaximumIOps: 0,
  IOMaximumBandwidth: 0,
};

/** Fills in the defaults. Empty text and 0 mean unset where Docker reads them so. */
export function withDefaults(
  given: HostConfig,
  deps: Pick<ContainersDeps, 'config' | 'systemPaths'> & { cgroupVersion: 1 | 2; oomKillDisable: boolean },
): HostConfig {
  const filled: Record<string, unknown> = structuredClone(UNSET);
  for (const [key, value] of Object.entries(given)) {
    if (value !== undefined && value !== null) filled[key] = value;
  }
  const hostConfig = filled as HostConfig;
  if (!given.NetworkMode || given.NetworkMode === 'default') hostConfig.NetworkMode = 'bridge';
  if (!given.RestartPolicy?.Name) hostConfig.RestartPolicy = { Name: 'no', MaximumRetryCount: 0 };
  if (!given.IpcMode) hostConfig.IpcMode = deps.config.defaultIpcMode ?? 'private';
  if (!given.ShmSize) hostConfig.ShmSize = deps.config.defaultShmSize;
  if (!given.CgroupnsMode) {
    hostConfig.CgroupnsMode = cgroupnsMode(hostConfig, deps);
  }
  if (!given.Runtime) hostConfig.Runtime = deps.config.runtimes[0]!;
  hostConfig.LogConfig = mergedLogConfig(given.LogConfig, deps.config.logConfig);
  if (deps.oomKillDisable) hostConfig.OomKillDisable ??= false;
  hostConfig.SecurityOpt = withoutLabel(hostConfig);
  adjustLimits(hostConfig);
  const { masked, readonly } = deps.systemPaths(given);
  hostConfig.MaskedPaths = masked;
  hostConfig.ReadonlyPaths = readonly;
  return hostConfig;
}

/** The default driver's options hold for a container of that driver, whether it names it or not. */
export function mergedLogConfig(
  given: HostConfig['LogConfig'],
  { type, config }: ContainersDeps['config']['logConfig'],
): NonNullable<HostConfig['LogConfig']> {
  const Type = (given?.Type || type) as NonNullable<HostConfig['LogConfig']>['Type'];
  return { Type, Config: { ...(Type === type && config), ...given?.Config } };
}

/** What shares the host's processes or memory has no label of its own: SELinux would keep the two apart. */
function withoutLabel(h: HostConfig): HostConfig['SecurityOpt'] {
  const shares = h.IpcMode === 'host' || h.PidMode === 'host' || h.Privileged;
  const given = h.SecurityOpt ?? [];
  if (!shares || given.some((option) => /^label[=:]/.test(option))) return h.SecurityOpt;
  return [...given, 'label=disable'];
}

/** A privileged container sees all of a v1 tree, as it always did. */
function cgroupnsMode(
  h: HostConfig,
  deps: Pick<ContainersDeps, 'config'> & { cgroupVersion: 1 | 2 },
): 'host' | 'private' {
  if (h.Privileged && deps.cgroupVersion === 1) return 'host';
  return deps.config.defaultCgroupnsMode ?? (deps.cgroupVersion === 2 ? 'private' : 'host');
}

/** Limits that follow from others: swap is twice the memory; a pids limit below 1 is none. */
function adjustLimits(h: HostConfig): void {
  if (h.Memory && h.Memory > 0 && !h.MemorySwap) h.MemorySwap = h.Memory * 2;
  if (h.MemorySwappiness === -1) h.MemorySwappiness = null as unknown as number;
  if (h.PidsLimit !== undefined && h.PidsLimit !== null && h.PidsLimit <= 0) h.PidsLimit = null;
}
