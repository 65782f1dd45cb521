/** Answer of SystemInfo. */
import { readdir, readFile } from 'node:fs/promises';
import { ENGINE_VERSION } from '@tsdocker/shared/api-version.ts';
import type { SystemInfo } from '@tsdocker/shared/types/system.ts';
import type { DaemonConfig } from '../config/config.ts';
import type { RuntimeCapabilities } from '../runtime/runtime.ts';
import type { SystemDeps } from './service.ts';

export async function systemInfo(deps: SystemDeps): Promise<SystemInfo> {
  const config = deps.config();
  const counts = deps.containers.counts();
  return {
    ID: deps.engineId,
    Containers: counts.total,
    ContainersRunning: counts.running,
    ContainersPaused: counts.paused,
    ContainersStopped: counts.stopped,
    Images: deps.images.count(),
    Driver: deps.images.driver.name,
    DriverStatus: deps.images.driver.status,
    Plugins: {
      Volume: ['local'],
      Network: deps.networks.drivers,
      Authorization: [],
      Log: ['fluentd', 'gelf', 'json-file', 'local', 'none', 'syslog'],
    },
    ...limits(deps.capabilities),
    IPv4Forwarding: await isForwarding(),
    ...debugFigures(deps, config, await openDescriptors()),
    LoggingDriver: config.logs.driver,
    CgroupDriver: 'cgroupfs',
    CgroupVersion: String(deps.capabilities.cgroupVersion) as '1' | '2',
    ...hostFields(deps, config),
    RegistryConfig: registryConfig(config),
    GenericResources: [],
    HttpProxy: '',
    HttpsProxy: '',
    NoProxy: '',
    Labels: config.labels,
    ExperimentalBuild: false,
    ServerVersion: ENGINE_VERSION,
    Runtimes: { tsdocker: { path: 'tsd-shim' } },
    DefaultRuntime: 'tsdocker',
    Swarm: {
      NodeID: '',
      NodeAddr: '',
      LocalNodeState: 'inactive',
      ControlAvailable: false,
      Error: '',
      RemoteManagers: null,
    },
    LiveRestoreEnabled: true,
    Isolation: '',
    InitBinary: 'tsd-init',
    ContainerdCommit: { ID: '' },
    RuncCommit: { ID: '' },
    InitCommit: { ID: '' },
    SecurityOptions: securityOptions(deps.capabilities, config),
    FirewallBackend: { Driver: 'nftables' },
    CDISpecDirs: [],
    Warnings: warnings(deps.capabilities, config),
  };
}

function hostFields(deps: SystemDeps, config: DaemonConfig) {
  const { host } = deps;
  return {
    DockerRootDir: config.dataRoot,
    SystemTime: new Date().toISOString(),
    KernelVersion: host.kernelVersion,
    OperatingSystem: host.operatingSystem,
    OSVersion: host.osVersion,
    OSType: 'linux',
    Architecture: host.machine,
    NCPU: host.cpus,
    MemTotal: host.memoryBytes,
    IndexServerAddress: 'https://index.docker.io/v1/',
    Name: host.hostname,
  };
}

function limits(capabilities: RuntimeCapabilities) {
  return {
    MemoryLimit: capabilities.memoryLimit,
    SwapLimit: capabilities.swapLimit,
    CpuCfsPeriod: capabilities.cpuCfs,
    CpuCfsQuota: capabilities.cpuCfs,
    CPUShares: capabilities.cpuShares,
    CPUSet: capabilities.cpuset,
    PidsLimit: capabilities.pidsLimit,
    OomKillDisable: capabilities.oomKillDisable,
  };
}

/** Docker fills these in debug mode only in its texts, but always in the answer. There are no goroutines here. */
function debugFigures(deps: SystemDeps, config: DaemonConfig, descriptors: number) {
  return { Debug: config.debug, NFd: descriptors, NGoroutines: 1, NEventsListener: deps.events.listeners };
}

function registryConfig(config: DaemonConfig): SystemInfo['RegistryConfig'] {
  const isCidr = (registry: string): boolean => /^[0-9a-fA-F.:]+\/\d+$/.test(registry);
  const insecure = config.insecureRegistries.filter((registry) => !isCidr(registry));
  return {
    InsecureRegistryCIDRs: ['::1/128', '127.0.0.0/8', ...config.insecureRegistries.filter(isCidr)],
    IndexConfigs: {
      'docker.io': { Name: 'docker.io', Mirrors: config.registryMirrors, Secure: true, Official: true },
      ...Object.fromEntries(
        insecure.map((name) => [name, { Name: name, Mirrors: [], Secure: false, Official: false }]),
      ),
    },
    Mirrors: config.registryMirrors,
  };
}

function securityOptions(capabilities: RuntimeCapabilities, { limits, security }: DaemonConfig): string[] {
  const options: string[] = [];
  if (capabilities.apparmor) options.push('name=apparmor');
  if (capabilities.seccomp) options.push(`name=seccomp,profile=${security.seccompProfile}`);
  if (capabilities.selinux) options.push('name=selinux');
  const cgroupnsMode = limits.cgroupnsMode ?? (capabilities.cgroupVersion === 2 ? 'private' : 'host');
  if (cgroupnsMode === 'private') options.push('name=cgroupns');
  if (capabilities.userns) options.push('name=userns');
  if (security.noNewPrivileges) options.push('name=no-new-privileges');
  return options;
}

function warnings(capabilities: RuntimeCapabilities, config: DaemonConfig): string[] {
  const missing: [boolean, string][] = [
    [capabilities.memoryLimit, 'WARNING: No memory limit support'],
    [capabilities.swapLimit, 'WARNING: No swap limit support'],
    [capabilities.cpuCfs, 'WARNING: No cpu cfs quota support'],
    [capabilities.cpuCfs, 'WARNING: No cpu cfs period support'],
    [capabilities.cpuShares, 'WARNING: No cpu shares support'],
    [capabilities.cpuset, 'WARNING: No cpuset support'],
  ];
  const open = config.hosts.filter((host) => host.startsWith('tcp://') && !config.tls);
  return [
    ...open.map(
      (host) =>
        `WARNING: API is accessible on ${host.replace('tcp', 'http')} without encryption.\n         Access to the remote API is equivalent to root access on the host.`,
    ),
    ...missing.filter(([supported]) => !supported).map(([, text]) => text),
  ];
}

async function isForwarding(): Promise<boolean> {
  // Without /proc the answer is no: nothing could be routed either.
  return (await readFile('/proc/sys/net/ipv4/ip_forward', 'utf8').catch(() => '0')).trim() === '1';
}

async function openDescriptors(): Promise<number> {
  return (await readdir('/proc/self/fd')).length;
}
