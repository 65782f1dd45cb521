/** All routes, in the order they are tried. */
import type { BuildService } from '../../builder/service.types.ts';
import type { ContainerService } from '../../containers/service.types.ts';
import type { EventBus } from '../../events/bus.ts';
import type { ImageService } from '../../images/service.types.ts';
import type { SystemService } from '../../system/service.ts';
import type { VolumeService } from '../../volumes/service.types.ts';
import type { Route } from '../router.ts';
import { absentRoutes } from './absent.ts';
import { buildRoutes } from './build/index.ts';
import { containerRoutes } from './container/index.ts';
import { execRoutes } from './exec/index.ts';
import { imageRoutes } from './image/index.ts';
import { type Networks, networkRoutes } from './network/index.ts';
import { notImplementedRoutes } from './not-implemented.ts';
import { systemRoutes } from './system/index.ts';
import { volumeRoutes } from './volume/index.ts';

/** The domains as the API sees them. */
export interface ApiServices {
  containers: ContainerService;
  images: ImageService;
  networks: Networks;
  volumes: VolumeService;
  builder: BuildService;
  system: SystemService;
  events: EventBus;
}

export function apiRoutes(services: ApiServices): Route[] {
  return [
    ...systemRoutes(services.system, services.events),
    ...containerRoutes(services.containers),
    ...execRoutes(services.containers),
    ...imageRoutes(services.images),
    ...networkRoutes(services.networks),
    ...volumeRoutes(services.volumes),
    ...buildRoutes(services.builder),
    ...absentRoutes,
    ...notImplementedRoutes,
  ];
}
