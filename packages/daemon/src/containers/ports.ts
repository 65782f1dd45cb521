/** Port specifications: `80/tcp` keys, host ports and ranges. */
import type { PortMap, PortSummary } from '@tsdocker/shared/types/container.ts';
import { invalid } from './errors.ts';

const HIGHEST = 65535;

/** `80`, `80/udp` -> `80/tcp`, `80/udp`. @throws InvalidParameter `invalid port specification: "x"` */
export function normalizePort(spec: string): string {
  const [, number = '', protocol = 'tcp'] = /^(\d+)(?:\/(\w+))?$/.exec(spec) ?? [];
  if (number === '' || Number(number) > HIGHEST || !/^(tcp|udp|sctp)$/i.test(protocol)) throw badPort(spec);
  return `${Number(number)}/${protocol.toLowerCase()}`;
}

const badPort = (spec: string): Error => invalid(`invalid port specification: "${spec}"`);

/** @throws InvalidParameter */
export function checkPortBindings(bindings: PortMap, exposed: Record<string, unknown>): void {
  for (const [port, hostPorts] of Object.entries(bindings)) {
    normalizePort(port);
    for (const { HostPort } of hostPorts ?? []) if (HostPort) checkHostPort(HostPort);
  }
  for (const port of Object.keys(exposed)) expandExposed(port);
}

function checkHostPort(text: string): void {
  const match = /^(\d+)(?:-(\d+))?$/.exec(text);
  const low = Number(match?.[1]);
  const high = Number(match?.[2] ?? match?.[1]);
  if (!match || high > HIGHEST || low > high) throw badPort(text);
}

/** `8000-8002/tcp` -> three ports; a single port gives one. */
export function expandExposed(spec: string): string[] {
  const match = /^(\d+)-(\d+)(\/\w+)?$/.exec(spec);
  if (!match) return [normalizePort(spec)];
  const [low, high] = [Number(match[1]), Number(match[2])];
  if (low > high || high > HIGHEST) throw badPort(spec);
  return Array.from({ length: high - low + 1 }, (_, i) => normalizePort(`${low + i}${match[3] ?? ''}`));
}

/** Ports of `ps`: published ones once per address, then what is only exposed. */
export function portSummaries(ports: PortMap): PortSummary[] {
  const list: PortSummary[] = [];
  for (const [spec, bindings] of Object.entries(ports)) {
    const [number, protocol] = spec.split('/');
    const base = { PrivatePort: Number(number), Type: protocol as PortSummary['Type'] };
    if (!bindings?.length) list.push(base);
    for (const b of bindings ?? []) {
      list.push({ IP: b.HostIp ?? '', PrivatePort: base.PrivatePort, PublicPort: Number(b.HostPort), Type: base.Type });
    }
  }
  return list;
}
