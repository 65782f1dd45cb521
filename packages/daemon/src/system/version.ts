/** Answer of SystemVersion. */
import { API_VERSION, ENGINE_VERSION, MIN_API_VERSION, PRODUCT_VERSION } from '@tsdocker/shared/api-version.ts';
import type { SystemVersion } from '@tsdocker/shared/types/system.ts';
import type { SystemDeps } from './service.ts';

/** Clients that look at `Version` see the Docker release whose behaviour this is; our own stands in the platform and component. */
export function systemVersion(deps: Pick<SystemDeps, 'host' | 'startedAt'>): SystemVersion {
  const { host } = deps;
  const runtime = `node ${process.version}`;
  const shared = {
    ApiVersion: API_VERSION,
    Arch: host.architecture,
    GitCommit: PRODUCT_VERSION,
    // Clients print it under this name; what runs this daemon is Node.
    GoVersion: runtime,
    KernelVersion: host.kernelVersion,
    MinAPIVersion: MIN_API_VERSION,
    Os: 'linux',
  };
  return {
    Platform: { Name: `tsdocker ${PRODUCT_VERSION}` },
    Components: [
      {
        Name: 'Engine',
        Version: ENGINE_VERSION,
        Details: { ...shared, BuildTime: '', Experimental: 'false' } as unknown as Record<string, never>,
      },
      {
        Name: 'tsdockerd',
        Version: PRODUCT_VERSION,
        Details: { Runtime: runtime } as unknown as Record<string, never>,
      },
    ],
    Version: ENGINE_VERSION,
    ...shared,
    BuildTime: '',
    Experimental: false,
  };
}
