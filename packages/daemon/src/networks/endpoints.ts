/** The endpoints of running containers, in memory. */
import { randomBytes } from 'node:crypto';
import type { PortMap } from '@tsdocker/shared/types/container.ts';
import type { EndpointSettings } from '@tsdocker/shared/types/network.ts';
import { formatAddress, parseAddress } from './ipam/ipv4.ts';
import type { ReservedPort } from './ports.ts';
import type { NetworkRecord } from './store.ts';

export interface Endpoint {
  /** 64 hex digits. */
  id: string;
  networkId: string;
  containerId: string;
  containerName: string;
  mac: string;
  address: number;
  prefix: number;
  ports: ReservedPort[];
  /** Sockets the daemon still holds, until the shim has its copies. */
  heldSockets: number[];
  /** -1 until the namespace is there. */
  netnsFd: number;
}

export const newEndpointId = (): string => randomBytes(32).toString('hex');

/** NetworkSettings.Networks[name]: what the user asked for with what came of it. */
export function endpointSettings(
  endpoint: Endpoint,
  network: NetworkRecord,
  asked: EndpointSettings | undefined,
): EndpointSettings {
  return {
    ...asked,
    MacAddress: endpoint.mac,
    GwPriority: asked?.GwPriority ?? 0,
    NetworkID: network.id,
    EndpointID: endpoint.id,
    Gateway: network.internal ? '' : (network.ipam?.gateway ?? ''),
    IPAddress: formatAddress(endpoint.address),
    IPPrefixLen: endpoint.prefix,
    IPv6Gateway: '',
    GlobalIPv6Address: '',
    GlobalIPv6PrefixLen: 0,
    ...(network.predefined ? {} : { DNSNames: dnsNames(endpoint, asked?.Aliases ?? []) }),
  };
}

/** Container name, aliases, short id; without repeats. */
function dnsNames(endpoint: Endpoint, aliases: readonly string[]): string[] {
  return [...new Set([endpoint.containerName, ...aliases, endpoint.containerId.slice(0, 12)])];
}

/** NetworkSettings.Ports. */
export function portMap(keys: readonly string[], ports: readonly ReservedPort[]): PortMap {
  const map: PortMap = Object.fromEntries(keys.map((key) => [key, null]));
  for (const port of ports) {
    const bindings = map[port.key] ?? [];
    bindings.push({ HostIp: formatAddress(port.hostAddress), HostPort: String(port.hostPort) });
    map[port.key] = bindings;
  }
  return map;
}

/** The ports of a container that runs already, from its NetworkSettings.Ports. Bindings that are not ours are left out. */
export function portsOfMap(map: PortMap, containerAddress: number): ReservedPort[] {
  return Object.entries(map).flatMap(([key, bindings]) => {
    const [port = '', protocol] = key.split('/');
    if (protocol !== 'tcp' && protocol !== 'udp' && protocol !== 'sctp') return [];
    return (bindings ?? []).flatMap((binding) => {
      const hostAddress = parseAddress(binding.HostIp ?? '');
      if (hostAddress === undefined) return [];
      const target = { containerAddress, containerPort: Number(port) };
      return [{ key, protocol, hostAddress, hostPort: Number(binding.HostPort), ...target }];
    });
  });
}
