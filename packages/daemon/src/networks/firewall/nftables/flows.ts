/** Which tracked flows end with a port or an address. Pure. */
import type { Flow } from '../../netlink/conntrack.ts';
import { PROTOCOL_NUMBER, type PublishedPort } from '../firewall.ts';

/**
 * A UDP flow sticks to what was true when it began: to the old container, or to the host when nothing was published.
 * Flows translated to somebody else are not touched.
 */
export function concernsPort(flow: Flow, port: PublishedPort): boolean {
  const { original, reply } = flow;
  if (original.protocol !== PROTOCOL_NUMBER[port.protocol] || original.destinationPort !== port.hostPort) return false;
  if (port.hostAddress !== 0 && original.destination !== port.hostAddress) return false;
  const untranslated = reply.source === original.destination && reply.destination === original.source;
  return untranslated || reply.source === port.containerAddress;
}

/** The flow begins at or was translated to one of the addresses. */
export function concernsAddress(flow: Flow, addresses: ReadonlySet<number>): boolean {
  return addresses.has(flow.original.source) || addresses.has(flow.reply.source);
}
