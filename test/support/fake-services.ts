/** Domains that keep their objects in memory and run nothing: the API in front of them is the real one. */

import type { BuildService } from '../../packages/daemon/src/builder/service.types.ts';
import type { ContainerService } from '../../packages/daemon/src/containers/service.types.ts';
import type { Services } from '../../packages/daemon/src/daemon.ts';
import type { ImageService } from '../../packages/daemon/src/images/service.types.ts';
import type { NetworkAdministration, NetworkService } from '../../packages/daemon/src/networks/service.types.ts';
import type { RuntimeCapabilities } from '../../packages/daemon/src/runtime/runtime.ts';
import type { VolumeService } from '../../packages/daemon/src/volumes/service.types.ts';
import { DockerError } from '../../packages/shared/src/errors.ts';
import { CAPABILITIES } from './fake-runtime.ts';

/** Every method that a test does not give throws its name. */
function partial<T extends object>(name: string, given: Partial<T>): T {
  return new Proxy(given as T, {
    get(target, key) {
      if (key in target) return Reflect.get(target, key);
      // A promise is what a proxy must not look like.
      if (key === 'then') return undefined;
      return () => {
        throw new Error(`${name}.${String(key)} is not faked`);
      };
    },
  });
}

export function fakeContainerService(given: Partial<ContainerService> = {}): ContainerService {
  return partial('containers', {
    counts: () => ({ total: 3, running: 1, paused: 1, stopped: 1 }),
    list: async () => [],
    restore: async () => undefined,
    close: async () => undefined,
    ...given,
  });
}

export function fakeImageService(given: Partial<ImageService> = {}): ImageService {
  return partial('images', {
    count: () => 2,
    diskUsage: async () => ({ totalBytes: 100, reclaimableBytes: 40 }),
    list: async () => [],
    driver: { name: 'overlay2', status: [['Backing Filesystem', 'extfs']] },
    close: async () => undefined,
    ...given,
  });
}

export function fakeNetworkService(given: Partial<NetworkService> = {}): NetworkService {
  return partial('networks', {
    list: async () => [],
    drivers: ['bridge', 'host', 'null'],
    close: async () => undefined,
    ...given,
  });
}

export function fakeVolumeService(given: Partial<VolumeService> = {}): VolumeService {
  return partial('volumes', { list: async () => ({ volumes: [], warnings: [] }), ...given });
}

export function fakeBuildService(given: Partial<BuildService> = {}): BuildService {
  return partial('builder', { cacheUsage: () => [], restore: async () => {}, ...given });
}

export const fakeCapabilities: RuntimeCapabilities = { ...CAPABILITIES, blkioWeight: true, kernelMemoryTcp: true };

export function fakeServices(given: Partial<Services> = {}): Services {
  return {
    containers: fakeContainerService(),
    images: fakeImageService(),
    networks: { ...fakeNetworkService(), ...fakeNetworkAdministration() },
    volumes: fakeVolumeService(),
    builder: fakeBuildService(),
    capabilities: fakeCapabilities,
    ...given,
  };
}

function fakeNetworkAdministration(): NetworkAdministration {
  return {
    create: async () => 'f'.repeat(64),
    remove: async () => {},
    prune: async () => [],
    teardown: async () => {},
  };
}

export function noSuchContainer(ref: string): DockerError {
  return new DockerError('NotFound', `No such container: ${ref}`);
}
