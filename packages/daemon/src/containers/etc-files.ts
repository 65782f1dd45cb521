/** hostname, hosts and resolv.conf in the container's directory, bound over /etc. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ResolvedMount } from '../runtime/runtime.ts';
import type { Container } from './container.ts';
import type { Domain } from './deps.types.ts';
import { linkHosts } from './links.ts';
import type { AttachedNetwork } from './network-attach.ts';
import { parseNetworkMode } from './network-mode.ts';

type Deps = Pick<Domain, 'etc' | 'store' | 'networks' | 'config' | 'index'>;

/** The two files that do not wait for an address. */
export async function writeNameAndResolver(deps: Deps, c: Container): Promise<void> {
  const mode = parseNetworkMode(c.hostConfig.NetworkMode);
  if (mode.kind === 'container') return;
  const directory = deps.store.directory(c.id);
  const { Hostname: host = '', Domainname: domain } = c.record.config;
  const kind = mode.kind === 'network' ? (mode.name === 'bridge' ? 'bridge' : 'custom') : mode.kind;
  const orDefault = (own: string[] | undefined, fallback: string[]) => (own?.length ? own : fallback);
  const resolver = await deps.etc.resolvConf({
    mode: kind,
    dns: orDefault(c.hostConfig.Dns, deps.config.dns),
    dnsSearch: orDefault(c.hostConfig.DnsSearch, deps.config.dnsSearch),
    dnsOptions: orDefault(c.hostConfig.DnsOptions, deps.config.dnsOptions),
    ipv6: deps.networks.ipv6,
  });
  await Promise.all([
    writeFile(join(directory, 'hostname'), `${domain ? `${host}.${domain}` : host}\n`),
    writeFile(join(directory, 'resolv.conf'), resolver),
  ]);
}

export async function writeHosts(deps: Deps, c: Container, network: AttachedNetwork): Promise<void> {
  const mode = parseNetworkMode(c.hostConfig.NetworkMode);
  if (mode.kind === 'container') return;
  const text = await deps.etc.hosts({
    mode: mode.kind,
    hostname: c.record.config.Hostname ?? '',
    domainname: c.record.config.Domainname ?? '',
    extraHosts: c.hostConfig.ExtraHosts ?? [],
    addresses: network.addresses,
    ipv6: deps.networks.ipv6,
    hostGateway: deps.networks.hostGateway,
  });
  const links = linkHosts(deps, c).join('');
  await writeFile(join(deps.store.directory(c.id), 'hosts'), text + links);
}

/** container:X binds the files of X. */
export function etcMounts(deps: Pick<Domain, 'store'>, c: Container, network: AttachedNetwork): ResolvedMount[] {
  const directory = deps.store.directory(network.sharedWith?.id ?? c.id);
  return ['resolv.conf', 'hostname', 'hosts'].map((name) => ({
    type: 'bind',
    source: join(directory, name),
    destination: `/etc/${name}`,
    readOnly: c.hostConfig.ReadonlyRootfs ?? false,
    propagation: 'rprivate',
    mapped: true,
  }));
}
