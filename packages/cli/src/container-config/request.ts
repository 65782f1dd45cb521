/** Flags of `create` and `run` as the body of ContainerCreate: the areas, merged. */
import type { ContainerCreateRequest, HostConfig } from '@tsdocker/shared/types/container.ts';
import type { FlagSpec, Flags } from '../command.ts';
import type { Surroundings } from './areas.ts';
import { deviceFlags, toDevices } from './devices.ts';
import { healthFlags, toHealth } from './health.ts';
import { lifecycleFlags, toLifecycle } from './lifecycle.ts';
import { mountFlags, toMounts } from './mounts.ts';
import { networkFlags, toNetwork } from './network.ts';
import { portFlags, toPorts } from './ports.ts';
import { processFlags, toProcess } from './process.ts';
import { resourceFlags, toResources } from './resources.ts';
import { securityFlags, toSecurity } from './security.ts';
import { toWindows, windowsFlags } from './windows.ts';

/** Every flag that describes a container. */
export const containerFlags: FlagSpec[] = [
  ...processFlags,
  ...resourceFlags,
  ...deviceFlags,
  ...securityFlags,
  ...mountFlags,
  ...portFlags,
  ...networkFlags,
  ...healthFlags,
  ...lifecycleFlags,
  ...windowsFlags,
];

/** Rows and columns that the daemon may give the container's first terminal; zero when there is none. */
export type ConsoleSize = [height: number, width: number];

export interface CreateSource {
  flags: Flags;
  /** Image, then command and arguments. */
  args: readonly string[];
  around: Surroundings;
  /** Proxy variables of the configuration file. */
  proxies: Readonly<Record<string, string>>;
  consoleSize: ConsoleSize;
  /** `run -d` */
  detached: boolean;
}

/**
 * The request, with members of zero value left out where the engine reads absent as zero.
 * @throws Error in docker's words for values that contradict each other or cannot be read
 */
export function toCreateRequest(source: CreateSource): ContainerCreateRequest {
  const { flags, args, around } = source;
  const mounts = toMounts(flags, around);
  const ports = toPorts(flags);
  const devices = toDevices(flags);
  const config = toProcess(flags, args, around, source.proxies, source.detached);
  const resources = toResources(flags);
  const security = toSecurity(flags, around);
  const lifecycle = toLifecycle(flags);
  const health = toHealth(flags);
  const network = toNetwork(flags);
  return {
    ...config,
    ...mounts.config,
    ...ports.config,
    ...(health ? { Healthcheck: health } : {}),
    HostConfig: {
      ...resources,
      ...devices,
      ...security,
      ...mounts.host,
      ...ports.host,
      ...network.host,
      ...lifecycle,
      ...toWindows(flags),
      ConsoleSize: source.consoleSize,
    } as HostConfig,
    NetworkingConfig: network.networking,
  };
}
