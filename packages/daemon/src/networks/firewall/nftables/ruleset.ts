/**
 * The table one daemon owns, as messages. Pure.
 *
 *   raw          nothing from a bridge reaches the host's 127.0.0.0/8, which route_localnet would let in
 *   prerouting   packets to an address of the host (but 127.0.0.0/8: only the host itself may use that) -> publish
 *   output       the same for the host's own packets, 127.0.0.0/8 included -> publish
 *   publish      dnat by two maps: host address . protocol . port, then protocol . port
 *   postrouting  masquerade what leaves a network, what comes from the host's loopback, and what reaches a container of
 *                the same network through a published port (its answer must come back this way)
 *   forward      answers, translated packets and the network itself get to a bridge; nothing else does
 */
import { addressBytes, type Cidr } from '../../ipam/ipv4.ts';
import type { NetlinkMessage } from '../../netlink/message.ts';
import * as nft from '../../netlink/nft-expressions.ts';
import {
  addChain,
  addElements,
  addMap,
  addRule,
  addTable,
  DATATYPE,
  deleteElements,
  deleteTable,
  FAMILY,
  HOOK,
  type MapElement,
  type TableRef,
} from '../../netlink/nftables.ts';
import { type FilteredNetwork, PROTOCOL_NUMBER, type PublishedPort } from '../firewall.ts';

const LOOPBACK: Cidr = { address: 0x7f000000, prefix: 8 };
const ANY_ADDRESS = { name: 'published', id: 1, withAddress: false } as const;
const ONE_ADDRESS = { name: 'published_on', id: 2, withAddress: true } as const;
const PRIORITY = { raw: -300, destinationNat: -100, filter: 0, sourceNat: 100 } as const;

export const tableOf = (table: string): TableRef => ({ family: FAMILY.ip, table });

/** Makes the table anew, whatever was there. */
export function fullRuleset(
  table: TableRef,
  networks: readonly FilteredNetwork[],
  ports: readonly PublishedPort[],
): NetlinkMessage[] {
  return [
    // Add, then delete: deleting a table that is not there would fail the transaction.
    addTable(table),
    deleteTable(table),
    addTable(table),
    addMap(table, { ...ANY_ADDRESS, key: [DATATYPE.protocol, DATATYPE.port], data: TARGET }),
    addMap(table, { ...ONE_ADDRESS, key: [DATATYPE.ipv4Address, DATATYPE.protocol, DATATYPE.port], data: TARGET }),
    ...chains(table),
    ...networks.flatMap((network) => networkRules(table, network)),
    ...publishMessages(table, ports),
  ];
}

const TARGET = [DATATYPE.ipv4Address, DATATYPE.port];

function chains(table: TableRef): NetlinkMessage[] {
  const rule = (chain: string, ...parts: Buffer[]): NetlinkMessage => addRule({ ...table, chain }, parts);
  const { raw, destinationNat, sourceNat, filter } = PRIORITY;
  return [
    addChain(table, 'publish'),
    addChain(table, 'raw', { type: 'filter', hook: HOOK.prerouting, priority: raw }),
    addChain(table, 'prerouting', { type: 'nat', hook: HOOK.prerouting, priority: destinationNat }),
    addChain(table, 'output', { type: 'nat', hook: HOOK.output, priority: destinationNat }),
    addChain(table, 'postrouting', { type: 'nat', hook: HOOK.postrouting, priority: sourceNat }),
    addChain(table, 'forward', { type: 'filter', hook: HOOK.forward, priority: filter }),
    rule('publish', ...nft.translateBy(ONE_ADDRESS)),
    rule('publish', ...nft.translateBy(ANY_ADDRESS)),
    rule('prerouting', ...nft.destinationIn(LOOPBACK), nft.leaveChain()),
    rule('prerouting', ...nft.destinationIsLocal(), nft.jump('publish')),
    rule('output', ...nft.destinationIsLocal(), nft.jump('publish')),
  ];
}

function networkRules(table: TableRef, network: FilteredNetwork): NetlinkMessage[] {
  const { bridge, subnet } = network;
  const rule = (chain: string, ...parts: Buffer[]): NetlinkMessage => addRule({ ...table, chain }, parts);
  const elsewhere = nft.toInterface(bridge, { not: true });
  const rules = [
    rule('raw', ...nft.fromInterface(bridge), ...nft.destinationIn(LOOPBACK), nft.drop()),
    rule('postrouting', ...nft.sourceIn(LOOPBACK), ...nft.toInterface(bridge), nft.masquerade()),
    rule(
      'postrouting',
      ...nft.sourceIn(subnet),
      ...nft.toInterface(bridge),
      ...nft.destinationWasTranslated(),
      nft.masquerade(),
    ),
    rule('forward', ...nft.toInterface(bridge), ...nft.establishedOrRelated(), nft.accept()),
  ];
  if (!network.internal) {
    rules.push(rule('forward', ...nft.toInterface(bridge), ...nft.destinationWasTranslated(), nft.accept()));
    if (network.masquerade) rules.push(rule('postrouting', ...nft.sourceIn(subnet), ...elsewhere, nft.masquerade()));
  }
  const inside = network.icc ? nft.accept() : nft.drop();
  rules.push(rule('forward', ...nft.fromInterface(bridge), ...nft.toInterface(bridge), inside));
  if (network.internal) rules.push(rule('forward', ...nft.fromInterface(bridge), nft.drop()));
  rules.push(rule('forward', ...nft.toInterface(bridge), nft.drop()));
  return rules;
}

/** The messages that publish the ports. */
export function publishMessages(table: TableRef, ports: readonly PublishedPort[]): NetlinkMessage[] {
  return perMap(ports).flatMap(([map, elements]) => addElements(table, map, elements));
}

export function unpublishMessages(table: TableRef, ports: readonly PublishedPort[]): NetlinkMessage[] {
  return perMap(ports).flatMap(([map, elements]) => deleteElements(table, map, elements));
}

function perMap(ports: readonly PublishedPort[]): [string, MapElement[]][] {
  const any = ports.filter((port) => port.hostAddress === 0).map(elementOf);
  const one = ports.filter((port) => port.hostAddress !== 0).map(elementOf);
  return [
    [ANY_ADDRESS.name, any],
    [ONE_ADDRESS.name, one],
  ];
}

function elementOf(port: PublishedPort): MapElement {
  const address = port.hostAddress === 0 ? [] : [addressBytes(port.hostAddress)];
  const protocol = Buffer.from([PROTOCOL_NUMBER[port.protocol], 0, 0, 0]);
  return {
    key: Buffer.concat([...address, protocol, portWord(port.hostPort)]),
    data: Buffer.concat([addressBytes(port.containerAddress), portWord(port.containerPort)]),
  };
}

/** A port in the first two bytes of its four, network order. */
function portWord(port: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeUInt16BE(port, 0);
  return out;
}
