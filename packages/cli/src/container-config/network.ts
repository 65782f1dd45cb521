/** Networks, addresses and name resolution. */
import type { HostConfig, NetworkingConfig } from '@tsdocker/shared/types/container.ts';
import type { FlagSpec, Flags } from '../command.ts';
import { parseAddHost } from '../flags/add-host.ts';
import { parseDnsSearch } from '../flags/dns.ts';
import { checkMacAddress, parseDnsServer, parseIp } from '../flags/ip.ts';
import { checkLink } from '../flags/link.ts';
import { attachmentTo, isUserDefined, type NetworkAttachment, parseNetwork } from '../flags/network.ts';
import { listOf, withoutEmpty } from './areas.ts';

type Endpoint = NonNullable<NetworkingConfig['EndpointsConfig']>[string];

const networkFlag: FlagSpec = {
  name: 'network',
  kind: 'list',
  valueName: 'network',
  description: 'Connect a container to a network',
  parse: parseNetwork,
};
const aliasFlag: FlagSpec = {
  name: 'network-alias',
  kind: 'list',
  description: 'Add network-scoped alias for the container',
};
const dnsOptionFlag: FlagSpec = { name: 'dns-option', kind: 'list', description: 'Set DNS options' };

export const networkFlags: FlagSpec[] = [
  networkFlag,
  { ...networkFlag, name: 'net', hidden: true },
  aliasFlag,
  { ...aliasFlag, name: 'net-alias', hidden: true },
  { name: 'ip', kind: 'custom', valueName: 'ip', description: 'IPv4 address (e.g., 172.30.100.104)', parse: parseIp },
  { name: 'ip6', kind: 'custom', valueName: 'ip', description: 'IPv6 address (e.g., 2001:db8::33)', parse: parseIp },
  { name: 'link-local-ip', kind: 'list', description: 'Container IPv4/IPv6 link-local addresses' },
  { name: 'mac-address', kind: 'string', description: 'Container MAC address (e.g., 92:d0:c6:0a:29:33)' },
  { name: 'link', kind: 'list', description: 'Add link to another container', parse: checkLink },
  { name: 'dns', kind: 'list', description: 'Set custom DNS servers', parse: parseDnsServer },
  { name: 'dns-search', kind: 'list', description: 'Set custom DNS search domains', parse: parseDnsSearch },
  dnsOptionFlag,
  { ...dnsOptionFlag, name: 'dns-opt', hidden: true },
  { name: 'add-host', kind: 'list', description: 'Add a custom host-to-IP mapping (host:ip)', parse: parseAddHost },
];

/** @throws Docker's words for options that contradict each other or do not fit the network */
export function toNetwork(flags: Flags): { host: Partial<HostConfig>; networking: NetworkingConfig } {
  if (flags.string('mac-address') !== '') checkMacAddress(flags.string('mac-address'));
  const attachments = listOf(flags, 'network', 'net').map(parseNetwork);
  return {
    host: {
      NetworkMode: attachments[0]?.target || 'default',
      ...withoutEmpty({
        Links: flags.list('link'),
        Dns: flags.list('dns').map(parseDnsServer),
        DnsSearch: flags.list('dns-search').map(parseDnsSearch),
        DnsOptions: listOf(flags, 'dns-option', 'dns-opt'),
        ExtraHosts: flags.list('add-host').map(parseAddHost),
      }),
    },
    networking: { EndpointsConfig: toEndpoints(flags, attachments) },
  };
}

/** The container's own flags (--ip, --network-alias ...) belong to the first network. */
function toEndpoints(flags: Flags, attachments: NetworkAttachment[]): Record<string, Endpoint> {
  const all = attachments.length === 0 ? [attachmentTo('default')] : attachments;
  const endpoints = new Map<string, Endpoint>();
  for (const [i, given] of all.entries()) {
    const attachment = i === 0 ? withContainerFlags(given, flags) : given;
    const endpoint = toEndpoint(attachment);
    if (endpoints.has(attachment.target)) throw new Error(`network "${attachment.target}" is specified multiple times`);
    // A single network without options goes by NetworkMode alone, as with daemons that know one network only.
    if (attachments.length === 1 && Object.keys(endpoint).length === 0) return {};
    endpoints.set(attachment.target, endpoint);
  }
  const userDefined = attachments.filter(({ target }) => isUserDefined(target)).length;
  if (userDefined > 0 && userDefined < attachments.length) {
    throw new Error('conflicting options: cannot attach both user-defined and non-user-defined network-modes');
  }
  return Object.fromEntries(endpoints);
}

function withContainerFlags(attachment: NetworkAttachment, flags: Flags): NetworkAttachment {
  const choose = <T extends string | string[]>(own: T, flag: T, name: string, what: string): T => {
    if (own.length > 0 && flag.length > 0) {
      throw new Error(`conflicting options: cannot specify both --${name} and per-network ${what}`);
    }
    return flag.length > 0 ? flag : own;
  };
  const ip = (name: string): string => flags.custom<string>(name) ?? '';
  const { aliases, ipv4, ipv6, macAddress, linkLocalIps } = attachment;
  return {
    ...attachment,
    aliases: choose(aliases, listOf(flags, 'network-alias', 'net-alias'), 'network-alias', 'alias'),
    // On the default bridge a link is the container's, on any other network it makes an alias there.
    links: isUserDefined(attachment.target) ? flags.list('link') : [],
    ipv4: choose(ipv4, ip('ip'), 'ip', 'IPv4 address'),
    ipv6: choose(ipv6, ip('ip6'), 'ip6', 'IPv6 address'),
    macAddress: choose(macAddress, flags.string('mac-address'), 'mac-address', 'MAC address'),
    linkLocalIps: choose(linkLocalIps, flags.list('link-local-ip'), 'link-local-ip', 'link-local IP addresses'),
  };
}

function toEndpoint(attachment: NetworkAttachment): Endpoint {
  if (attachment.target.trim() === '') throw new Error('no name set for network');
  if (attachment.aliases.length > 0 && !isUserDefined(attachment.target)) {
    throw new Error('network-scoped aliases are only supported for user-defined networks');
  }
  if (attachment.macAddress !== '') checkMacAddress(attachment.macAddress);
  return withoutEmpty({
    IPAMConfig: withoutEmpty({
      IPv4Address: attachment.ipv4,
      IPv6Address: attachment.ipv6,
      LinkLocalIPs: attachment.linkLocalIps,
    }),
    Aliases: attachment.aliases,
    Links: attachment.links,
    MacAddress: attachment.macAddress,
    DriverOpts: attachment.driverOptions,
    GwPriority: attachment.gatewayPriority,
  });
}
