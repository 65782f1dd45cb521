/** Contents of a container's /etc/hosts and /etc/hostname. */
import { isIP } from 'node:net';
import { DockerError } from '@tsdocker/shared/errors.ts';

const IPV4_LINES = ['127.0.0.1\tlocalhost'];
const IPV6_LINES = [
  '::1\tlocalhost ip6-localhost ip6-loopback',
  'fe00::\tip6-localnet',
  'ff00::\tip6-mcastprefix',
  'ff02::1\tip6-allnodes',
  'ff02::2\tip6-allrouters',
];

export interface HostsFileInput {
  /** IPv6 is usable in the sandbox; without it its lines are left out. */
  ipv6: boolean;
  /** HostConfig.ExtraHosts: `name:ip` or `name=ip`, `host-gateway` for an address. */
  extraHosts: readonly string[];
  /** What host-gateway stands for: the default bridge's gateway or daemon option host-gateway-ip. */
  hostGateway: readonly string[];
  /** Lines of legacy links: address and names. */
  links?: readonly { ip: string; names: readonly string[] }[];
  /** The container's own addresses; none for network `none`. */
  addresses: readonly string[];
  hostname: string;
  domainname?: string;
}

export function hostsFile(input: HostsFileInput): string {
  const names = input.domainname ? `${input.hostname}.${input.domainname} ${input.hostname}` : ownNames(input.hostname);
  const lines = [
    ...IPV4_LINES,
    ...(input.ipv6 ? IPV6_LINES : []),
    ...input.extraHosts.flatMap((entry) => extraHostLines(entry, input.hostGateway)),
    ...(input.links ?? []).map((link) => `${link.ip}\t${link.names.join(' ')}`),
    ...input.addresses.map((address) => `${address.replace(/\/\d+$/, '')}\t${names}`),
  ];
  return `${lines.join('\n')}\n`;
}

/** The host's file with extra hosts added: what a container on the host's network gets. */
export function hostNetworkHostsFile(
  hostsOfHost: string,
  extraHosts: readonly string[],
  hostGateway: readonly string[],
): string {
  const extra = extraHosts.flatMap((entry) => extraHostLines(entry, hostGateway));
  if (extra.length === 0) return hostsOfHost;
  const ended = hostsOfHost === '' || hostsOfHost.endsWith('\n') ? hostsOfHost : `${hostsOfHost}\n`;
  return `${ended}${extra.join('\n')}\n`;
}

export function hostnameFile(hostname: string): string {
  return `${hostname}\n`;
}

/** `a.b` is also known by its first label. */
function ownNames(hostname: string): string {
  const dot = hostname.indexOf('.');
  return dot > 0 ? `${hostname} ${hostname.slice(0, dot)}` : hostname;
}

/** @throws InvalidParameter in Docker's words */
export function parseExtraHost(entry: string): { name: string; ip: string } {
  const equals = entry.indexOf('=');
  const cut = equals >= 0 ? equals : entry.indexOf(':');
  if (cut <= 0) throw invalid(`bad format for add-host: ${JSON.stringify(entry)}`);
  const name = entry.slice(0, cut);
  const ip = entry.slice(cut + 1).replace(/^\[(.*)\]$/, '$1');
  if (/\s/.test(name)) throw invalid(`bad format for add-host: ${JSON.stringify(entry)}`);
  if (ip !== 'host-gateway' && isIP(ip) === 0) throw invalid(`invalid IP address in add-host: ${JSON.stringify(ip)}`);
  return { name, ip };
}

function extraHostLines(entry: string, hostGateway: readonly string[]): string[] {
  const { name, ip } = parseExtraHost(entry);
  if (ip !== 'host-gateway') return [`${ip}\t${name}`];
  if (hostGateway.length === 0) {
    throw invalid('unable to derive the IP value for host-gateway');
  }
  return hostGateway.map((gateway) => `${gateway}\t${name}`);
}

function invalid(message: string): DockerError {
  return new DockerError('InvalidParameter', message);
}
