/** A container's network around one run: joined or made before it, given back after it. */
import { randomBytes } from 'node:crypto';
import type { EndpointSettings } from '@tsdocker/shared/types/network.ts';
import type { NetworkNamespace } from '../runtime/runtime.ts';
import type { Container } from './container.ts';
import type { Domain } from './deps.types.ts';
import { conflict, containerNotFound, isRestarting } from './errors.ts';
import { parseNetworkMode } from './network-mode.ts';

export interface AttachedNetwork {
  namespace: NetworkNamespace;
  heldSockets: number[];
  /** For /etc/hosts. */
  addresses: string[];
  /** container:X shares the /etc files of X too. */
  sharedWith?: Container;
}

type Deps = Pick<Domain, 'networks' | 'events' | 'index'>;

/** Fills in record.network. @param usernsFd the container's user namespace @throws as NetworkService.attach; Conflict when container:X does not run */
export async function attachNetwork(deps: Deps, c: Container, usernsFd?: number): Promise<AttachedNetwork> {
  const mode = parseNetworkMode(c.hostConfig.NetworkMode);
  if (mode.kind === 'container') {
    const other = runningPeer(deps, mode.ref, 'network');
    const namespace: NetworkNamespace = { kind: 'path', path: `/proc/${other.record.state.pid}/ns/net` };
    return { namespace, heldSockets: [], addresses: [], sharedWith: other };
  }
  if (mode.kind !== 'network' || c.record.config.NetworkDisabled) {
    const kind = mode.kind === 'host' ? 'host' : 'none';
    await attachFixed(deps, c, kind);
    return { namespace: { kind: kind === 'host' ? 'host' : 'new' }, heldSockets: [], addresses: [] };
  }
  const asked = c.record.network.networks[mode.name];
  const sandbox = await deps.networks.attach({
    containerId: c.id,
    containerName: c.name,
    network: mode.name,
    settings: asked && askedSettings(asked),
    portBindings: c.hostConfig.PortBindings ?? {},
    exposedPorts: Object.keys(c.record.config.ExposedPorts ?? {}),
    publishAll: c.hostConfig.PublishAllPorts ?? false,
    dns: c.hostConfig.Dns,
    ...(usernsFd !== undefined && { usernsFd }),
  });
  c.record.network = {
    sandboxId: randomBytes(32).toString('hex'),
    networks: { [sandbox.networkName]: { ...(asked && askedSettings(asked)), ...sandbox.endpoint } },
    ports: sandbox.ports,
  };
  return {
    namespace: { kind: 'fd', fd: sandbox.netnsFd },
    heldSockets: sandbox.heldSockets,
    addresses: sandbox.addresses,
  };
}

/** The part of an endpoint that a user sets, without what the last run got. */
function askedSettings(e: EndpointSettings): EndpointSettings {
  const { IPAMConfig, Links, Aliases, DriverOpts, GwPriority, MacAddress, EndpointID } = e;
  // A MAC address that stands there after a run was assigned, unless nothing has run yet.
  return { IPAMConfig, Links, Aliases, DriverOpts, GwPriority, ...(EndpointID ? {} : { MacAddress }) };
}

/** host and none have no endpoint to make, but inspect and events show one. */
async function attachFixed(deps: Deps, c: Container, kind: 'host' | 'none'): Promise<void> {
  const { Id: networkId = '' } = await deps.networks.resolve(kind);
  c.record.network = {
    sandboxId: randomBytes(32).toString('hex'),
    networks: { [kind]: { NetworkID: networkId, EndpointID: randomBytes(32).toString('hex') } },
    ports: {},
  };
  publishNetwork(deps, c, 'connect', kind, networkId);
}

function publishNetwork(deps: Deps, c: Container, action: string, kind: 'host' | 'none', id: string): void {
  deps.events.publish({
    type: 'network',
    action,
    id,
    attributes: { container: c.id, name: kind, type: kind === 'none' ? 'null' : 'host' },
  });
}

/** The container whose namespace is joined. @throws NotFound, Conflict */
export function runningPeer(deps: Pick<Domain, 'index'>, ref: string, what: 'network' | 'IPC' | 'PID'): Container {
  const other = deps.index.find(ref);
  if (!other) throw containerNotFound(ref);
  if (other.status === 'restarting') throw isRestarting(other.id);
  if (!other.isRunning) {
    throw conflict(
      what === 'network'
        ? `cannot join network of a non running container: ${other.id}`
        : `cannot join ${what} of a non running container: ${other.id}`,
    );
  }
  return other;
}

/** Gives the network back and forgets the addresses; idempotent. Fixed addresses and aliases stay asked for. */
export async function detachNetwork(deps: Deps, c: Container): Promise<void> {
  const mode = parseNetworkMode(c.hostConfig.NetworkMode);
  if (mode.kind === 'container' || c.record.network.sandboxId === '') return;
  const networks = c.record.network.networks;
  c.record.network = { sandboxId: '', networks: {}, ports: {} };
  for (const [name, endpoint] of Object.entries(networks)) {
    c.record.network.networks[name] = { ...askedSettings(endpoint), NetworkID: endpoint.NetworkID };
    if (name === 'host' || name === 'none') publishNetwork(deps, c, 'disconnect', name, endpoint.NetworkID ?? '');
  }
  if (mode.kind === 'network') await deps.networks.detach(c.id);
}
