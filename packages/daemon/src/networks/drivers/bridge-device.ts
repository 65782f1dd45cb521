/** The bridge interfaces of a daemon: whose they are, made, set up, removed. */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { bridgeAlias, bridgeMac, type Instance, instanceOf, ownerOfAlias, tableName } from '../instance.ts';
import type { Cidr } from '../ipam/ipv4.ts';
import { addTable, deleteTable, FAMILY, transaction } from '../netlink/nftables.ts';
import {
  addAddress,
  createBridge,
  deleteAddress,
  deleteLink,
  dumpLinks,
  EEXIST,
  type Link,
  parseLink,
  setAlias,
  setMtu,
  setUp,
} from '../netlink/route.ts';
import { NetlinkError, type NetlinkSocket } from '../netlink/socket.ts';
import type { HostView } from './host-view.ts';

/** Sockets of the host's namespace. */
export interface HostSockets {
  route: NetlinkSocket;
  netfilter: NetlinkSocket;
}

/** own: made by this daemon, now or before; foreign: not ours; free: there is none. */
export type Ownership = 'own' | 'foreign' | 'free';

/** @param networkId of the network the bridge would serve */
export function ownership(host: HostView, name: string, opts: { instance: Instance; networkId: string }): Ownership {
  const link = host.links.find((candidate) => candidate.name === name);
  if (!link) return 'free';
  const ours = link.kind === 'bridge' && link.mac === bridgeMac(opts.instance, opts.networkId);
  return ours ? 'own' : 'foreign';
}

/** Bridges whose daemon's data root is gone and that no container uses. */
export function abandonedBridges(host: HostView): Link[] {
  return host.links.filter((link) => {
    const owner = link.kind === 'bridge' ? ownerOfAlias(link.alias) : undefined;
    return owner !== undefined && !existsSync(owner) && !host.links.some((port) => port.master === link.index);
  });
}

/** Removes what a daemon that no longer exists has left: its bridge and its table. */
export async function removeAbandoned(sockets: HostSockets, link: Link): Promise<void> {
  const owner = ownerOfAlias(link.alias);
  if (owner === undefined) return;
  await sockets.route.transact([deleteLink(link.name)]);
  const table = { family: FAMILY.ip, table: tableName(instanceOf(owner)) };
  await sockets.netfilter.transact(transaction([addTable(table), deleteTable(table)]));
}

/** False when somebody else made a link of that name meanwhile. */
export async function makeBridge(
  route: NetlinkSocket,
  bridge: { name: string; mtu: number; instance: Instance; networkId: string },
): Promise<boolean> {
  const alias = bridgeAlias(bridge.instance);
  const { name, mtu } = bridge;
  try {
    await route.transact([createBridge({ name, mtu, mac: bridgeMac(bridge.instance, bridge.networkId) })]);
  } catch (err) {
    if (err instanceof NetlinkError && err.errno === EEXIST) return false;
    throw err;
  }
  if (alias) await route.transact([setAlias(name, alias)]);
  return true;
}

/** Gives the bridge its address, brings it up and returns its index. Idempotent; other addresses of it are removed. */
export async function configureBridge(
  route: NetlinkSocket,
  host: HostView,
  bridge: { name: string; gateway: number; subnet: Cidr; mtu: number },
): Promise<number> {
  const links = (await route.dump(dumpLinks())).map(parseLink);
  const link = links.find((candidate) => candidate.name === bridge.name);
  if (!link) throw new Error(`bridge ${bridge.name} vanished`);
  const stale = host.addresses.filter(
    (held) => held.index === link.index && (held.address !== bridge.gateway || held.prefix !== bridge.subnet.prefix),
  );
  await route.transact([
    ...stale.map(deleteAddress),
    setMtu(bridge.name, bridge.mtu),
    addAddress({ index: link.index, address: bridge.gateway, prefix: bridge.subnet.prefix }),
    setUp(bridge.name),
  ]);
  await writeBridgeSysctls(bridge.name);
  return link.index;
}

/**
 * route_localnet lets answers to 127.0.0.1 back in, which publishing on the loopback needs; the firewall keeps all else
 * with such an address out. The bridge has no IPv6 as the network has none.
 */
async function writeBridgeSysctls(name: string): Promise<void> {
  await writeFile(`/proc/sys/net/ipv4/conf/${name}/route_localnet`, '1');
  const ipv6 = `/proc/sys/net/ipv6/conf/${name}/disable_ipv6`;
  if (existsSync(ipv6)) await writeFile(ipv6, '1');
}
