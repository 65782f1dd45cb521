/** The `Server:` part of info: what the daemon told, in docker's order; what it did not tell is left out. */
import type { SystemInfo } from '@tsdocker/shared/types/system.ts';
import { bytesSize } from '@tsdocker/shared/units.ts';

/** Lines, each with its indent. */
export function serverInfoText(info: SystemInfo): string {
  const lines = [
    ...counts(info),
    ...storage(info),
    ...plugins(info),
    ...runtimes(info),
    ...security(info),
    ...host(info),
    ...daemon(info),
  ];
  return `${lines.join('\n')}\n\n`;
}

type Line = string | undefined;
const shown = (lines: readonly Line[]): string[] => lines.filter((line): line is string => line !== undefined);
const line = (label: string, value: unknown): Line =>
  value === undefined || value === null || value === '' ? undefined : ` ${label}: ${value}`;

function counts(info: SystemInfo): string[] {
  return [
    ` Containers: ${info.Containers ?? 0}`,
    `  Running: ${info.ContainersRunning ?? 0}`,
    `  Paused: ${info.ContainersPaused ?? 0}`,
    `  Stopped: ${info.ContainersStopped ?? 0}`,
    ` Images: ${info.Images ?? 0}`,
  ];
}

function storage(info: SystemInfo): string[] {
  const status = (info.DriverStatus ?? []) as unknown as [string, string][];
  return shown([
    line('Server Version', info.ServerVersion),
    line('Storage Driver', info.Driver),
    ...status.map(([name, value]) => `  ${name}: ${value}`),
    line('Logging Driver', info.LoggingDriver),
    line('Cgroup Driver', info.CgroupDriver),
    line('Cgroup Version', info.CgroupVersion),
  ]);
}

function plugins({ Plugins }: SystemInfo): string[] {
  if (!Plugins) return [];
  const kinds = [
    ['Volume', Plugins.Volume],
    ['Network', Plugins.Network],
    ['Authorization', Plugins.Authorization],
    ['Log', Plugins.Log],
  ] as const;
  return [
    ' Plugins:',
    ...kinds.filter(([, names]) => names?.length).map(([kind, names]) => `  ${kind}: ${names!.join(' ')}`),
  ];
}

function runtimes(info: SystemInfo): string[] {
  const names = Object.keys(info.Runtimes ?? {}).sort();
  return shown([
    line('Swarm', info.Swarm?.LocalNodeState || 'inactive'),
    names.length > 0 ? ` Runtimes: ${names.join(' ')}` : undefined,
    line('Default Runtime', info.DefaultRuntime),
    line('Init Binary', info.InitBinary),
    line('containerd version', info.ContainerdCommit?.ID),
    line('runc version', info.RuncCommit?.ID),
    line('init version', info.InitCommit?.ID),
  ]);
}

/** `name=seccomp,profile=default` */
function security({ SecurityOptions }: SystemInfo): string[] {
  if (!SecurityOptions?.length) return [];
  const options = SecurityOptions.flatMap((option) => {
    const pairs = option.split(',').map((pair) => pair.split('='));
    const [[, name = option] = [], ...rest] = pairs;
    return [
      `  ${name}`,
      ...rest.map(([key = '', value = '']) => `   ${key.charAt(0).toUpperCase()}${key.slice(1)}: ${value}`),
    ];
  });
  return [' Security Options:', ...options];
}

function host(info: SystemInfo): string[] {
  return shown([
    line('Kernel Version', info.KernelVersion),
    line('Operating System', info.OperatingSystem),
    line('OSType', info.OSType),
    line('Architecture', info.Architecture),
    line('CPUs', info.NCPU),
    line('Total Memory', bytesSize(info.MemTotal ?? 0)),
    line('Name', info.Name),
    line('ID', info.ID),
    line('Docker Root Dir', info.DockerRootDir),
    ` Debug Mode: ${info.Debug ?? false}`,
    line('HTTP Proxy', info.HttpProxy),
    line('HTTPS Proxy', info.HttpsProxy),
    line('No Proxy', info.NoProxy),
  ]);
}

function daemon(info: SystemInfo): string[] {
  const labels = info.Labels ?? [];
  const registries = info.RegistryConfig?.InsecureRegistryCIDRs ?? [];
  const mirrors = info.RegistryConfig?.Mirrors ?? [];
  return shown([
    ...(labels.length > 0 ? [' Labels:', ...labels.map((label) => `  ${label}`)] : []),
    ` Experimental: ${info.ExperimentalBuild ?? false}`,
    ...(registries.length > 0 ? [' Insecure Registries:', ...registries.map((cidr) => `  ${cidr}`)] : []),
    ...(mirrors.length > 0 ? [' Registry Mirrors:', ...mirrors.map((mirror) => `  ${mirror}`)] : []),
    ` Live Restore Enabled: ${info.LiveRestoreEnabled ?? false}`,
    line('Product License', info.ProductLicense),
  ]);
}
