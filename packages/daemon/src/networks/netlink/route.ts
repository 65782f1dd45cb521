/**
 * rtnetlink messages: links, addresses, routes, neighbours. Pure.
 * @see rtnetlink(7), Linux include/uapi/linux/if_link.h
 */
import { addressBytes } from '../ipam/ipv4.ts';
import {
  attribute,
  attributes,
  type NetlinkMessage,
  type NetlinkReply,
  NLM_F,
  nested,
  readText,
  text,
  u8,
  u32,
} from './message.ts';

const RTM = {
  newLink: 16,
  delLink: 17,
  getLink: 18,
  newAddr: 20,
  getAddr: 22,
  delAddr: 21,
  newRoute: 24,
  getRoute: 26,
  delNeigh: 29,
} as const;
const IFLA = { address: 1, ifname: 3, mtu: 4, master: 10, linkInfo: 18, alias: 20, netNsFd: 28 } as const;
const INFO = { kind: 1, data: 2, slaveKind: 4, slaveData: 5 } as const;
const BRPORT = { mode: 4, isolated: 33 } as const;
const VETH_INFO_PEER = 1;
const AF_INET = 2;
const IFF_UP = 1;
const ACKED = NLM_F.request | NLM_F.ack;

/** Errnos callers tolerate. */
export const ENOENT = 2;
export const EEXIST = 17;
export const ENODEV = 19;

export interface Link {
  index: number;
  name: string;
  up: boolean;
  /** Index of the bridge it is a port of; 0 = none. */
  master: number;
  kind: string;
  alias: string;
  /** Lower case, colons. */
  mac: string;
}

/** An address of an interface or the destination of a route. */
export interface Prefix {
  index: number;
  address: number;
  prefix: number;
}

function ifinfo(index: number, flags = 0, change = 0): Buffer {
  const out = Buffer.alloc(16);
  out.writeInt32LE(index, 4);
  out.writeUInt32LE(flags, 8);
  out.writeUInt32LE(change, 12);
  return out;
}

function macBytes(mac: string): Buffer {
  return Buffer.from(mac.replaceAll(':', ''), 'hex');
}

function linkMessage(step: string, flags: number, header: Buffer, ...attrs: Buffer[]): NetlinkMessage {
  return { type: RTM.newLink, flags: ACKED | flags, payload: Buffer.concat([header, ...attrs]), step };
}

/** A bridge, down. Fails with EEXIST when the name is taken. */
export function createBridge(bridge: { name: string; mac: string; mtu: number }): NetlinkMessage {
  return linkMessage(
    `create bridge ${bridge.name}`,
    NLM_F.create | NLM_F.excl,
    ifinfo(0),
    text(IFLA.ifname, bridge.name),
    attribute(IFLA.address, macBytes(bridge.mac)),
    u32(IFLA.mtu, bridge.mtu),
    nested(IFLA.linkInfo, text(INFO.kind, 'bridge')),
  );
}

/** The text `ip link` shows as alias; at most 255 bytes. */
export function setAlias(name: string, alias: string): NetlinkMessage {
  return linkMessage(`set alias of ${name}`, 0, ifinfo(0), text(IFLA.ifname, name), text(IFLA.alias, alias));
}

export function setMtu(name: string, mtu: number): NetlinkMessage {
  return linkMessage(`set mtu of ${name}`, 0, ifinfo(0), text(IFLA.ifname, name), u32(IFLA.mtu, mtu));
}

export function setUp(name: string): NetlinkMessage {
  return linkMessage(`bring up ${name}`, 0, ifinfo(0, IFF_UP, IFF_UP), text(IFLA.ifname, name));
}

export function setUpByIndex(index: number): NetlinkMessage {
  return linkMessage(`bring up link ${index}`, 0, ifinfo(index, IFF_UP, IFF_UP));
}

/**
 * Both ends of a veth pair: the host's is up and a port of the bridge, the peer is created inside the namespace.
 * The peer must stay down here: the kernel refuses it up (ENOTCONN) while the first end is not registered.
 */
export function createVeth(veth: {
  hostName: string;
  bridgeIndex: number;
  mtu: number;
  peer: { name: string; mac: string; index: number; netnsFd: number };
}): NetlinkMessage {
  const peer = Buffer.concat([
    ifinfo(veth.peer.index),
    text(IFLA.ifname, veth.peer.name),
    attribute(IFLA.address, macBytes(veth.peer.mac)),
    u32(IFLA.mtu, veth.mtu),
    u32(IFLA.netNsFd, veth.peer.netnsFd),
  ]);
  return linkMessage(
    `create veth ${veth.hostName}`,
    NLM_F.create | NLM_F.excl,
    ifinfo(0, IFF_UP, IFF_UP),
    text(IFLA.ifname, veth.hostName),
    u32(IFLA.master, veth.bridgeIndex),
    u32(IFLA.mtu, veth.mtu),
    nested(IFLA.linkInfo, text(INFO.kind, 'veth'), nested(INFO.data, nested(VETH_INFO_PEER, peer))),
  );
}

/** A port's rules. */
export function setBridgePort(name: string, port: { hairpin: boolean; isolated: boolean }): NetlinkMessage {
  return linkMessage(
    `set bridge port ${name}`,
    0,
    ifinfo(0),
    text(IFLA.ifname, name),
    nested(
      IFLA.linkInfo,
      text(INFO.slaveKind, 'bridge'),
      nested(INFO.slaveData, u8(BRPORT.mode, port.hairpin ? 1 : 0), u8(BRPORT.isolated, port.isolated ? 1 : 0)),
    ),
  );
}

/**
 * Asks for one link. Since Linux 6.9 the kernel first carries out a change of the carrier it has queued: a port that just
 * got its peer forwards when this is answered, and not some time later, when the first packets are lost already.
 */
export function settleLink(by: { name: string } | { index: number }): NetlinkMessage {
  const attrs = 'name' in by ? [text(IFLA.ifname, by.name)] : [];
  const payload = Buffer.concat([ifinfo('index' in by ? by.index : 0), ...attrs]);
  return { type: RTM.getLink, flags: ACKED, payload, step: 'get link' };
}

/** Sets the hardware address. With arp_notify on, the kernel then announces the link's addresses, also of the same one. */
export function setMac(index: number, mac: string): NetlinkMessage {
  return linkMessage(`set address of link ${index}`, 0, ifinfo(index), attribute(IFLA.address, macBytes(mac)));
}

export function deleteLink(name: string): NetlinkMessage {
  return {
    type: RTM.delLink,
    flags: ACKED,
    payload: Buffer.concat([ifinfo(0), text(IFLA.ifname, name)]),
    step: `delete link ${name}`,
    tolerate: [ENODEV],
  };
}

function addressMessage(type: number, flags: number, where: Prefix, step: string): NetlinkMessage {
  const header = Buffer.alloc(8);
  header.writeUInt8(AF_INET, 0);
  header.writeUInt8(where.prefix, 1);
  header.writeUInt32LE(where.index, 4);
  const broadcast = (where.address | (where.prefix === 0 ? 0xffffffff : 0xffffffff >>> where.prefix)) >>> 0;
  const attrs = [attribute(2, addressBytes(where.address)), attribute(1, addressBytes(where.address))];
  if (where.prefix < 31) attrs.push(attribute(4, addressBytes(broadcast)));
  return { type, flags: ACKED | flags, payload: Buffer.concat([header, ...attrs]), step };
}

export function addAddress(where: Prefix): NetlinkMessage {
  return { ...addressMessage(RTM.newAddr, NLM_F.create, where, 'add address'), tolerate: [EEXIST] };
}

export function deleteAddress(where: Prefix): NetlinkMessage {
  return addressMessage(RTM.delAddr, 0, where, 'delete address');
}

/** The default route of the IPv4 main table through a gateway on the link. */
export function addDefaultRoute(gateway: number, index: number): NetlinkMessage {
  const header = Buffer.alloc(12);
  header.writeUInt8(AF_INET, 0);
  header.writeUInt8(254, 4); // RT_TABLE_MAIN
  header.writeUInt8(3, 5); // RTPROT_BOOT
  header.writeUInt8(1, 7); // RTN_UNICAST
  const payload = Buffer.concat([header, attribute(5, addressBytes(gateway)), u32(4, index)]);
  return { type: RTM.newRoute, flags: ACKED | NLM_F.create, payload, step: 'add default route' };
}

/** Makes the host forget the hardware address of an IPv4 neighbour. */
export function deleteNeighbour(index: number, address: number): NetlinkMessage {
  const header = Buffer.alloc(12);
  header.writeUInt8(AF_INET, 0);
  header.writeInt32LE(index, 4);
  return {
    type: RTM.delNeigh,
    flags: ACKED,
    payload: Buffer.concat([header, attribute(1, addressBytes(address))]),
    step: 'delete neighbour',
    tolerate: [ENOENT, ENODEV],
  };
}

const dumpMessage = (type: number, payload: Buffer, step: string): NetlinkMessage => ({
  type,
  flags: NLM_F.request | NLM_F.dump,
  payload,
  step,
});

export function dumpLinks(): NetlinkMessage {
  return dumpMessage(RTM.getLink, ifinfo(0), 'list links');
}

export function dumpAddresses(): NetlinkMessage {
  const header = Buffer.alloc(8);
  header.writeUInt8(AF_INET, 0);
  return dumpMessage(RTM.getAddr, header, 'list addresses');
}

export function dumpRoutes(): NetlinkMessage {
  const header = Buffer.alloc(12);
  header.writeUInt8(AF_INET, 0);
  return dumpMessage(RTM.getRoute, header, 'list routes');
}

export function parseLink(reply: NetlinkReply): Link {
  const attrs = attributes(reply.payload.subarray(16));
  const info = attributes(attrs.get(IFLA.linkInfo) ?? Buffer.alloc(0));
  const string = (payload: Buffer | undefined): string => (payload ? readText(payload) : '');
  return {
    index: reply.payload.readInt32LE(4),
    name: string(attrs.get(IFLA.ifname)),
    up: (reply.payload.readUInt32LE(8) & IFF_UP) !== 0,
    master: attrs.get(IFLA.master)?.readUInt32LE(0) ?? 0,
    kind: string(info.get(INFO.kind)),
    alias: string(attrs.get(IFLA.alias)),
    mac:
      attrs
        .get(IFLA.address)
        ?.toString('hex')
        .replace(/..(?=.)/g, '$&:') ?? '',
  };
}

export function parseAddressReply(reply: NetlinkReply): Prefix | undefined {
  const local = attributes(reply.payload.subarray(8)).get(2);
  if (reply.payload[0] !== AF_INET || local?.length !== 4) return undefined;
  return {
    index: reply.payload.readUInt32LE(4),
    address: local.readUInt32BE(0),
    prefix: reply.payload.readUInt8(1),
  };
}

/** Destination of a unicast route; undefined for the default route and for other families and types. */
export function parseRouteReply(reply: NetlinkReply): Prefix | undefined {
  const attrs = attributes(reply.payload.subarray(12));
  const destination = attrs.get(1);
  const unicast = reply.payload[7] === 1;
  if (reply.payload[0] !== AF_INET || !unicast || destination?.length !== 4) return undefined;
  return {
    index: attrs.get(4)?.readUInt32LE(0) ?? 0,
    address: destination.readUInt32BE(0),
    prefix: reply.payload.readUInt8(1),
  };
}
