/** Operations of the Engine API that have no handler. They answer 501, so that nobody takes them for a wrong path. */
import { DockerError } from '@tsdocker/shared/errors.ts';
import type { Method, Route } from '../router.ts';

/** Method, path and the specification's name of the operation. A row goes when its route comes. */
const MISSING: readonly [Method, string, string][] = [
  ['GET', '/images/{name+}/attestations', 'ImageAttestations'],
  ['GET', '/images/search', 'ImageSearch'],
  ['POST', '/auth', 'SystemAuth'],
  ['POST', '/networks/{id}/connect', 'NetworkConnect'],
  ['POST', '/networks/{id}/disconnect', 'NetworkDisconnect'],
  ['GET', '/plugins/privileges', 'GetPluginPrivileges'],
  ['POST', '/plugins/pull', 'PluginPull'],
  ['DELETE', '/plugins/{name+}', 'PluginDelete'],
  ['POST', '/plugins/{name+}/enable', 'PluginEnable'],
  ['POST', '/plugins/{name+}/disable', 'PluginDisable'],
  ['POST', '/plugins/{name+}/upgrade', 'PluginUpgrade'],
  ['POST', '/plugins/create', 'PluginCreate'],
  ['POST', '/plugins/{name+}/push', 'PluginPush'],
  ['POST', '/plugins/{name+}/set', 'PluginSet'],
  ['POST', '/swarm/init', 'SwarmInit'],
  ['POST', '/swarm/join', 'SwarmJoin'],
  ['POST', '/swarm/leave', 'SwarmLeave'],
  ['POST', '/swarm/update', 'SwarmUpdate'],
  ['GET', '/swarm/unlockkey', 'SwarmUnlockkey'],
  ['POST', '/swarm/unlock', 'SwarmUnlock'],
  ['GET', '/distribution/{name+}/json', 'DistributionInspect'],
  ['POST', '/session', 'Session'],
  ['GET', '/containers/{id}/checkpoints', 'CheckpointList'],
  ['POST', '/containers/{id}/checkpoints', 'CheckpointCreate'],
  ['DELETE', '/containers/{id}/checkpoints/{checkpoint}', 'CheckpointDelete'],
  ['POST', '/build/cancel', 'BuildCancel'],
  ['POST', '/grpc', 'Grpc'],
];

export const notImplementedRoutes: readonly Route[] = MISSING.map(([method, path, operation]) => ({
  method,
  path,
  handler: () => {
    throw new DockerError('NotImplemented', `${operation} is not implemented by tsdockerd yet`);
  },
}));
