/**
 * What the daemon says about itself. Owns nothing but the engine's id; counts and capabilities come from the domains.
 */
import type { SystemInfo, SystemVersion } from '@tsdocker/shared/types/system.ts';
import type { BuildService } from '../builder/service.types.ts';
import type { DaemonConfig } from '../config/config.ts';
import type { ContainerService } from '../containers/service.types.ts';
import type { EventBus } from '../events/bus.ts';
import type { ImageService } from '../images/service.types.ts';
import type { NetworkService } from '../networks/service.types.ts';
import type { RuntimeCapabilities } from '../runtime/runtime.ts';
import type { VolumeService } from '../volumes/service.types.ts';
import { type DiskUsageOptions, diskUsage } from './disk-usage.ts';
import type { HostFacts } from './host.ts';
import { systemInfo } from './info.ts';
import { systemVersion } from './version.ts';

export interface SystemDeps {
  /** Called for each answer: a reload changes it. */
  config(): DaemonConfig;
  host: HostFacts;
  engineId: string;
  startedAt: Date;
  containers: Pick<ContainerService, 'counts' | 'list'>;
  images: Pick<ImageService, 'count' | 'diskUsage' | 'driver' | 'list'>;
  builder: Pick<BuildService, 'cacheUsage'>;
  networks: Pick<NetworkService, 'drivers'>;
  volumes: Pick<VolumeService, 'list'>;
  events: Pick<EventBus, 'listeners'>;
  capabilities: RuntimeCapabilities;
}

export interface SystemService {
  info(): Promise<SystemInfo>;
  version(): Promise<SystemVersion>;
  diskUsage(options: DiskUsageOptions): Promise<Record<string, unknown>>;
}

export function createSystemService(deps: SystemDeps): SystemService {
  return {
    info: () => systemInfo(deps),
    version: async () => systemVersion(deps),
    diskUsage: (options) => diskUsage(deps, options),
  };
}
