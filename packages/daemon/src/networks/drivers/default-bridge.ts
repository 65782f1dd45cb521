/**
 * Which interface and subnet the network `bridge` gets. Several daemons may run on one host, so neither is fixed: names
 * are tried in a row, subnets that are in use are skipped, and the choice is kept in the network's record.
 */
import { DockerError } from '@tsdocker/shared/errors.ts';
import { poolsExhausted } from '../errors.ts';
import type { Instance } from '../instance.ts';
import { bridgeAlias } from '../instance.ts';
import { type Cidr, contains, formatCidr, overlaps, parseCidr } from '../ipam/ipv4.ts';
import { chooseSubnet, type Pool } from '../ipam/pools.ts';
import { type Link, setAlias } from '../netlink/route.ts';
import {
  abandonedBridges,
  configureBridge,
  type HostSockets,
  makeBridge,
  ownership,
  removeAbandoned,
} from './bridge-device.ts';
import { type HostView, readHost, subnetsInUse } from './host-view.ts';

const NAME_PREFIX = 'tsdocker';
const NAMES_TRIED = 64;
const SUBNET_ATTEMPTS = 8;

export interface DefaultBridgeRequest {
  instance: Instance;
  networkId: string;
  /** Named by the user; undefined = tsdocker0, tsdocker1, ... */
  name: string | undefined;
  /** From the record of an earlier run. */
  previous: { name: string; subnet: Cidr; gateway: number } | undefined;
  /** `--bip`: the bridge's address with prefix. */
  bip: string | undefined;
  pools: readonly Pool[] | undefined;
  mtu: number;
}

export interface BridgeDevice {
  name: string;
  index: number;
  subnet: Cidr;
  gateway: number;
  /** False for an interface an administrator made: it is used as it is and never removed. */
  managed: boolean;
}

/** Finds or makes the interface, addressed and up. @throws DockerError System */
export async function setUpDefaultBridge(sockets: HostSockets, request: DefaultBridgeRequest): Promise<BridgeDevice> {
  const host = await readHost(sockets.route);
  for (const link of abandonedBridges(host)) await removeAbandoned(sockets, link);
  const foreign = request.name === undefined ? undefined : foreignBridge(host, request, request.name);
  if (foreign) return adopt(host, foreign);
  const name = await claimName(sockets, request);
  return addressBridge(sockets, request, name);
}

function foreignBridge(host: HostView, request: DefaultBridgeRequest, name: string): Link | undefined {
  return ownership(host, name, request) === 'foreign' ? host.links.find((link) => link.name === name) : undefined;
}

/** Uses an interface that is there already, as Docker's --bridge does. */
function adopt(host: HostView, link: Link): BridgeDevice {
  const address = host.addresses.find((held) => held.index === link.index);
  if (link.kind !== 'bridge') throw bridgeFailed(`${link.name} is not a bridge`);
  if (link.alias.startsWith(`${NAME_PREFIX} `)) throw bridgeFailed(`${link.name} belongs to another tsdocker daemon`);
  if (!address) throw bridgeFailed(`bridge ${link.name} has no IPv4 address`);
  const subnet = parseCidr(formatCidr(address));
  if (!subnet) throw bridgeFailed(`bridge ${link.name} has no usable IPv4 address`);
  return {
    name: link.name,
    index: link.index,
    subnet: { address: subnet.address, prefix: subnet.prefix },
    gateway: address.address,
    managed: false,
  };
}

function bridgeFailed(reason: string): DockerError {
  return new DockerError('System', `error creating default "bridge" network: ${reason}`);
}

/** The name of a bridge that is ours now. */
async function claimName(sockets: HostSockets, request: DefaultBridgeRequest): Promise<string> {
  const automatic = Array.from({ length: NAMES_TRIED }, (_, i) => `${NAME_PREFIX}${i}`);
  const kept = request.previous && request.name === undefined ? [request.previous.name] : [];
  const names = request.name === undefined ? [...kept, ...automatic] : [request.name];
  for (const name of names) {
    const host = await readHost(sockets.route);
    const owner = ownership(host, name, request);
    if (owner === 'own') {
      await repairAlias(sockets, host, request, name);
      return name;
    }
    if (owner === 'free' && (await makeBridge(sockets.route, { ...request, name }))) return name;
  }
  throw bridgeFailed(`no free bridge name: ${names.at(-1)} is taken`);
}

/** A daemon killed between creating a bridge and naming its owner left it without alias. */
async function repairAlias(
  sockets: HostSockets,
  host: HostView,
  request: DefaultBridgeRequest,
  name: string,
): Promise<void> {
  const alias = bridgeAlias(request.instance);
  const link = host.links.find((candidate) => candidate.name === name);
  if (alias && link?.alias !== alias) await sockets.route.transact([setAlias(name, alias)]);
}

/** Chooses a subnet, takes it, and looks whether another daemon took the same at the same moment: the younger yields. */
async function addressBridge(sockets: HostSockets, request: DefaultBridgeRequest, name: string): Promise<BridgeDevice> {
  const refused: Cidr[] = [];
  for (let attempt = 0; attempt < SUBNET_ATTEMPTS; attempt++) {
    const host = await readHost(sockets.route);
    const { subnet, gateway } = pickSubnet(host, request, name, refused);
    const index = await configureBridge(sockets.route, host, { name, subnet, gateway, mtu: request.mtu });
    const after = await readHost(sockets.route);
    const rival = after.addresses.some(
      (held) => held.index !== index && held.index < index && overlaps(subnet, { ...held, address: network(held) }),
    );
    if (!rival || request.bip !== undefined) return { name, index, subnet, gateway, managed: true };
    refused.push(subnet);
  }
  throw poolsExhausted();
}

function network(held: { address: number; prefix: number }): number {
  return held.prefix === 0 ? 0 : (held.address & ((0xffffffff << (32 - held.prefix)) >>> 0)) >>> 0;
}

function pickSubnet(
  host: HostView,
  request: DefaultBridgeRequest,
  name: string,
  refused: readonly Cidr[],
): { subnet: Cidr; gateway: number } {
  if (request.bip !== undefined) return fromBip(request.bip);
  const ownIndex = host.links.find((link) => link.name === name)?.index;
  const used = [...subnetsInUse(host, ownIndex), ...refused];
  const { previous } = request;
  if (previous && !used.some((other) => overlaps(previous.subnet, other))) return previous;
  const subnet = chooseSubnet(used, request.pools);
  if (!subnet) throw poolsExhausted();
  return { subnet, gateway: subnet.address + 1 };
}

function fromBip(bip: string): { subnet: Cidr; gateway: number } {
  const parsed = parseCidr(bip);
  const usable = parsed && parsed.prefix <= 30 && parsed.host !== parsed.address && contains(parsed, parsed.host);
  if (!usable) throw bridgeFailed(`invalid bip ${bip}`);
  return { subnet: { address: parsed.address, prefix: parsed.prefix }, gateway: parsed.host };
}
