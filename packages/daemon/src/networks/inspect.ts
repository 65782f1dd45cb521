/** Networks as the API shows them. Pure. @see Engine API `NetworkInspect`, `NetworkList` */

import type { Network, NetworkInspect } from '@tsdocker/shared/types/network.ts';
import { untilMillis } from '@tsdocker/shared/until.ts';
import type { Endpoint } from './endpoints.ts';
import { invalidRequest } from './errors.ts';
import { formatAddress } from './ipam/ipv4.ts';
import type { NetworkRecord } from './store.ts';

export function toNetwork(record: NetworkRecord): Network {
  return {
    Name: record.name,
    Id: record.id,
    Created: record.created,
    Scope: 'local',
    Driver: record.driver,
    EnableIPv4: true,
    EnableIPv6: false,
    IPAM: toIpam(record),
    Internal: record.internal,
    Attachable: record.attachable,
    Ingress: false,
    ConfigFrom: { Network: '' },
    ConfigOnly: false,
    Options: record.options,
    Labels: record.labels,
  };
}

/** Docker says null where there is nothing; the API's types do not. */
function toIpam(record: NetworkRecord): NonNullable<Network['IPAM']> {
  const { ipam } = record;
  const nothing = null as unknown as undefined;
  if (!ipam) return { Driver: 'default', Options: nothing as never, Config: nothing as never };
  const config = {
    Subnet: ipam.subnet,
    ...(ipam.ipRange ? { IPRange: ipam.ipRange } : {}),
    Gateway: ipam.gateway,
    ...(ipam.auxiliaryAddresses ? { AuxiliaryAddresses: ipam.auxiliaryAddresses } : {}),
  };
  return { Driver: 'default', Options: (ipam.options ?? nothing) as never, Config: [config] };
}

export function toNetworkInspect(
  record: NetworkRecord,
  endpoints: readonly Endpoint[],
  usage: { inUse: number; available: number } | undefined,
): NetworkInspect {
  const containers = endpoints.map((endpoint) => [
    endpoint.containerId,
    {
      Name: endpoint.containerName,
      EndpointID: endpoint.id,
      MacAddress: endpoint.mac,
      IPv4Address: `${formatAddress(endpoint.address)}/${endpoint.prefix}`,
      IPv6Address: '',
    },
  ]);
  const status =
    record.ipam && usage
      ? { IPAM: { Subnets: { [record.ipam.subnet]: { IPsInUse: usage.inUse, DynamicIPsAvailable: usage.available } } } }
      : undefined;
  return {
    ...toNetwork(record),
    Containers: Object.fromEntries(containers),
    ...(status ? { Status: status } : {}),
  };
}

type Matcher = (record: NetworkRecord, value: string, used: boolean) => boolean;

/** `^` and `$` anchor, anything else is looked for as it stands. */
function matchesText(text: string, pattern: string): boolean {
  const start = pattern.startsWith('^');
  const end = pattern.endsWith('$');
  const literal = pattern.slice(start ? 1 : 0, end ? -1 : undefined);
  if (start && end) return text === literal;
  if (start) return text.startsWith(literal);
  return end ? text.endsWith(literal) : text.includes(literal);
}

function matchesLabel(record: NetworkRecord, value: string): boolean {
  const at = value.indexOf('=');
  return at < 0 ? value in record.labels : record.labels[value.slice(0, at)] === value.slice(at + 1);
}

const MATCHERS: Readonly<Record<string, Matcher>> = {
  driver: (record, value) => record.driver === value,
  id: (record, value) => matchesText(record.id, value),
  name: (record, value) => matchesText(record.name, value),
  scope: (_record, value) => value === 'local',
  label: (record, value) => matchesLabel(record, value),
  type: (record, value) => (value === 'builtin') === record.predefined,
  dangling: (record, value, used) => isTrue(value) === (!record.predefined && !used),
};

function isTrue(value: string): boolean {
  if (['true', '1', 't', 'T', 'TRUE', 'True'].includes(value)) return true;
  if (['false', '0', 'f', 'F', 'FALSE', 'False'].includes(value)) return false;
  throw invalidRequest(`invalid filter 'dangling=[${value}]'`);
}

/**
 * The filter as a predicate: values of one key are alternatives (labels must all match), keys must all match.
 * @throws InvalidParameter unknown key or value
 */
export function networkFilter(
  filters: Record<string, string[]>,
): (record: NetworkRecord, opts: { used: boolean }) => boolean {
  for (const [key, values] of Object.entries(filters)) {
    if (!Object.hasOwn(MATCHERS, key)) throw invalidRequest(`invalid filter '${key}'`);
    if (key === 'type' && values.some((value) => value !== 'custom' && value !== 'builtin'))
      throw invalidRequest(`invalid filter: 'type'='${values.join(',')}'`);
    if (key === 'dangling') values.forEach(isTrue);
  }
  return (record, { used }) =>
    Object.entries(filters).every(([key, values]) => {
      const matches = (value: string): boolean => MATCHERS[key]!(record, value, used);
      return values.length === 0 || (key === 'label' ? values.every(matches) : values.some(matches));
    });
}

/** `until`, `label` and `label!`. @throws InvalidParameter */
export function networkPruneFilter(filters: Record<string, string[]>): (record: NetworkRecord) => boolean {
  const unknown = Object.keys(filters).find((key) => !['until', 'label', 'label!'].includes(key));
  if (unknown) throw invalidRequest(`invalid filter '${unknown}'`);
  const until = untilMillis(filters);
  return (record) =>
    (until === undefined || Date.parse(record.created) < until) &&
    (filters['label'] ?? []).every((label) => matchesLabel(record, label)) &&
    !(filters['label!'] ?? []).some((label) => matchesLabel(record, label));
}
