/**
 * Which addresses stand for a registry's name: mirrors and the hub for docker.io; for an insecure registry https
 * without verification, then plain http. Loopback registries are always insecure, as in Docker.
 */
import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import { DEFAULT_DOMAIN } from '@tsdocker/shared/reference.ts';

export interface Endpoint {
  /** Origin: `https://registry-1.docker.io`. */
  url: URL;
  /** Certificates are checked. */
  verify: boolean;
  /** A mirror of docker.io: any failure leads on to the next endpoint, and it never sees the user's credentials. */
  mirror: boolean;
}

export interface EndpointOptions {
  /** Origins, in order. */
  mirrors: readonly string[];
  /** `host`, `host:port` or CIDR. */
  insecure: readonly string[];
}

const HUB = 'https://registry-1.docker.io';

/** In the order they are to be tried. */
export async function endpointsOf(domain: string, opts: EndpointOptions): Promise<Endpoint[]> {
  const list: Endpoint[] = [];
  if (domain === DEFAULT_DOMAIN) {
    for (const mirror of opts.mirrors) {
      const url = new URL(mirror.includes('://') ? mirror : `https://${mirror}`);
      list.push({ url, verify: !(await isInsecure(url.host, opts.insecure)), mirror: true });
    }
    list.push({ url: new URL(HUB), verify: true, mirror: false });
    return list;
  }
  if (!(await isInsecure(domain, opts.insecure)))
    return [{ url: new URL(`https://${domain}`), verify: true, mirror: false }];
  return [
    { url: new URL(`https://${domain}`), verify: false, mirror: false },
    { url: new URL(`http://${domain}`), verify: false, mirror: false },
  ];
}

/** Whether a registry may be spoken to without certificates. */
export async function isInsecure(host: string, insecure: readonly string[]): Promise<boolean> {
  const hostname = hostnameOf(host);
  if (insecure.includes(host) || insecure.includes(hostname)) return true;
  const blocks = new BlockList();
  blocks.addSubnet('127.0.0.0', 8, 'ipv4');
  blocks.addAddress('::1', 'ipv6');
  for (const entry of insecure) addCidr(blocks, entry);
  const addresses = isIP(hostname) ? [hostname] : await addressesOf(hostname);
  return addresses.some((a) => blocks.check(a, isIP(a) === 6 ? 'ipv6' : 'ipv4'));
}

function hostnameOf(host: string): string {
  const bracketed = /^\[([^\]]+)\]/.exec(host);
  return bracketed ? (bracketed[1] as string) : host.replace(/:\d+$/, '');
}

function addCidr(blocks: BlockList, entry: string): void {
  const [address, bits] = entry.split('/');
  const family = isIP(address ?? '');
  if (family === 0 || bits === undefined) return;
  blocks.addSubnet(address as string, Number(bits), family === 6 ? 'ipv6' : 'ipv4');
}

/** An unknown name is not insecure; the connection will say that it is unknown. */
async function addressesOf(hostname: string): Promise<string[]> {
  try {
    return (await lookup(hostname, { all: true })).map((a) => a.address);
  } catch {
    return [];
  }
}
