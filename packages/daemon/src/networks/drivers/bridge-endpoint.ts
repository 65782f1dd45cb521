/** One container's end of a bridge network: the veth and what is inside its namespace. */
import { randomBytes } from 'node:crypto';
import {
  addAddress,
  addDefaultRoute,
  createVeth,
  deleteNeighbour,
  setBridgePort,
  setMac,
  settleLink,
  setUpByIndex,
} from '../netlink/route.ts';
import type { NetlinkSocket } from '../netlink/socket.ts';
import type { PreparedNetns } from '../sandboxes/pool.ts';

const INTERFACE = 'eth0';

export interface BridgeEndpointPlan {
  bridgeIndex: number;
  mtu: number;
  mac: string;
  address: number;
  prefix: number;
  /** Undefined: no default route (internal networks). */
  gateway: number | undefined;
  /** Containers may not talk to each other (icc off). */
  isolated: boolean;
}

/**
 * Connects a namespace to the bridge: one request on the host, one inside, one on the host. When it fails, dropping the
 * namespace removes whatever was made.
 * @throws NetlinkError
 */
export async function connectToBridge(
  route: NetlinkSocket,
  netns: PreparedNetns,
  plan: BridgeEndpointPlan,
): Promise<void> {
  const hostName = `veth${randomBytes(4).toString('hex').slice(0, 7)}`;
  const { address, prefix, mac, mtu, bridgeIndex } = plan;
  const index = netns.freeIndex;
  const peer = { name: INTERFACE, mac, index, netnsFd: netns.netnsFd };
  await route.transact([createVeth({ hostName, bridgeIndex, mtu, peer })]);
  await netns.socket.transact([
    addAddress({ index, address, prefix }),
    setUpByIndex(index),
    ...(plan.gateway === undefined ? [] : [addDefaultRoute(plan.gateway, index)]),
  ]);
  // Hairpin: a container reaches itself through its published port, also when bridged packets pass the firewall.
  await route.transact([
    deleteNeighbour(bridgeIndex, address),
    setBridgePort(hostName, { hairpin: true, isolated: plan.isolated }),
    settleLink({ name: hostName }),
    settleLink({ index: bridgeIndex }),
  ]);
}

/** Tells neighbours that may remember an earlier owner of the address. Only now does the bridge forward it. */
export async function announce(netns: PreparedNetns, mac: string): Promise<void> {
  await netns.socket.transact([setMac(netns.freeIndex, mac)]);
}

/** A locally administered unicast address. */
export function randomMac(): string {
  const bytes = randomBytes(6);
  bytes[0] = (bytes[0]! & 0xfc) | 0x02;
  return bytes.toString('hex').replace(/..(?=.)/g, '$&:');
}
