/** From PortBindings, ExposedPorts and PublishAllPorts to what has to be bound. Pure. */
import type { PortMap } from '@tsdocker/shared/types/container.ts';
import { invalidRequest } from './errors.ts';
import type { Protocol } from './firewall/firewall.ts';
import { parseAddress } from './ipam/ipv4.ts';

/** One port to publish. first = last = 0 asks for any port. */
export interface PortRequest {
  /** `80/tcp`, the key in NetworkSettings.Ports. */
  key: string;
  protocol: Protocol;
  containerPort: number;
  hostAddress: number;
  firstHostPort: number;
  lastHostPort: number;
}

export interface PortDemand {
  portBindings: PortMap;
  exposedPorts: readonly string[];
  publishAll: boolean;
}

const PROTOCOLS: readonly string[] = ['tcp', 'udp', 'sctp'];

/**
 * The ports to publish, in the order of their keys, and every key that is to be shown.
 * @param defaultHostAddress used when a binding names none; 0 = all addresses
 * @throws InvalidParameter malformed port, range or address; an IPv6 host address, which nothing could answer on
 */
export function planPorts(demand: PortDemand, defaultHostAddress: number): { requests: PortRequest[]; keys: string[] } {
  const requests: PortRequest[] = [];
  const keys = new Set<string>();
  for (const [spec, bindings] of Object.entries(demand.portBindings)) {
    const target = parseTarget(spec);
    keys.add(target.key);
    for (const binding of bindings?.length ? bindings : [{}])
      requests.push({ ...target, ...parseHost(binding, spec, defaultHostAddress) });
  }
  for (const spec of demand.exposedPorts) {
    const target = parseTarget(spec);
    if (!keys.has(target.key) && demand.publishAll)
      requests.push({ ...target, hostAddress: defaultHostAddress, firstHostPort: 0, lastHostPort: 0 });
    keys.add(target.key);
  }
  // Fixed ports first: an ephemeral one must not take what a later binding of the same container names.
  requests.sort((a, b) => Number(a.firstHostPort === 0) - Number(b.firstHostPort === 0) || comparePorts(a, b));
  return { requests, keys: [...keys] };
}

function comparePorts(a: PortRequest, b: PortRequest): number {
  return a.containerPort - b.containerPort || a.protocol.localeCompare(b.protocol);
}

function parseTarget(spec: string): { key: string; protocol: Protocol; containerPort: number } {
  const [port = '', protocol = 'tcp', ...rest] = spec.split('/');
  const lower = protocol.toLowerCase();
  const containerPort = parsePort(port);
  if (rest.length > 0 || !containerPort || !PROTOCOLS.includes(lower))
    throw invalidRequest(`invalid port specification: "${spec}"`);
  return { key: `${containerPort}/${lower}`, protocol: lower as Protocol, containerPort };
}

function parseHost(
  binding: { HostIp?: string; HostPort?: string },
  spec: string,
  defaultHostAddress: number,
): Pick<PortRequest, 'hostAddress' | 'firstHostPort' | 'lastHostPort'> {
  const [first = '', last = first, ...rest] = (binding.HostPort ?? '').split('-');
  const firstHostPort = first === '' ? 0 : parsePort(first);
  const lastHostPort = last === '' ? 0 : parsePort(last);
  if (rest.length > 0 || firstHostPort === undefined || lastHostPort === undefined || lastHostPort < firstHostPort)
    throw invalidRequest(`invalid port specification: "${binding.HostPort}:${spec}"`);
  return { hostAddress: parseHostAddress(binding.HostIp ?? '', defaultHostAddress), firstHostPort, lastHostPort };
}

function parseHostAddress(value: string, defaultHostAddress: number): number {
  if (value === '') return defaultHostAddress;
  const address = parseAddress(value);
  if (address !== undefined) return address;
  if (value.includes(':')) throw invalidRequest(`cannot publish on ${value}: the network has no IPv6`);
  throw invalidRequest(`invalid IP address: ${value}`);
}

/** 0 to 65535; undefined when it is no number of that kind. */
function parsePort(value: string): number | undefined {
  return /^\d{1,5}$/.test(value) && Number(value) <= 65535 ? Number(value) : undefined;
}
