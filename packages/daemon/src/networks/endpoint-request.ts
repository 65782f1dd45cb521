/** Checks what a user asks of an endpoint. Pure. */
import type { EndpointSettings } from '@tsdocker/shared/types/network.ts';
import { invalidRequest } from './errors.ts';
import { parseAddress } from './ipam/ipv4.ts';
import type { NetworkRecord } from './store.ts';

export interface EndpointRequest {
  address: number | undefined;
  mac: string | undefined;
}

/** @throws InvalidParameter in Docker's words */
export function checkEndpointSettings(record: NetworkRecord, settings: EndpointSettings | undefined): EndpointRequest {
  const problems: string[] = [];
  const wanted = settings?.IPAMConfig?.IPv4Address;
  const address = wanted ? parseAddress(wanted) : undefined;
  if (wanted && address === undefined) problems.push(`invalid IPv4 address: ${wanted}`);
  else if (wanted && record.predefined)
    problems.push('user specified IP address is supported on user defined networks only');
  else if (wanted && !record.ipam?.configured)
    problems.push(
      'user specified IP address is supported only when connecting to networks with user configured subnets',
    );
  if (settings?.IPAMConfig?.IPv6Address)
    problems.push('user specified IPv6 address is supported only when connecting to networks with IPv6 enabled');
  if (settings?.Aliases?.length && record.predefined)
    problems.push('network-scoped alias is supported only for containers in user defined networks');
  if (problems.length > 0) {
    const list = problems.length === 1 ? problems[0] : problems.map((problem) => `* ${problem}`).join('\n');
    throw invalidRequest(`invalid config for network ${record.name}: invalid endpoint settings:\n${list}`);
  }
  return { address, mac: checkMac(settings?.MacAddress) };
}

/** Six bytes with colons, hyphens or dots as people write them; a group address cannot be an interface's. */
function checkMac(value: string | undefined): string | undefined {
  if (!value) return undefined;
  const plain = /^([0-9a-f]{2}([:-]?)){5}[0-9a-f]{2}$|^([0-9a-f]{4}\.){2}[0-9a-f]{4}$/i.test(value);
  const digits = value.replace(/[^0-9a-f]/gi, '').toLowerCase();
  if (!plain || digits.length !== 12 || Number.parseInt(digits.slice(0, 2), 16) & 1 || digits === '000000000000')
    throw invalidRequest(`invalid MAC address: ${value}`);
  return digits.replace(/..(?=.)/g, '$&:');
}
