/** What the host's own configuration says: links and the subnets in use. */
import type { Cidr } from '../ipam/ipv4.ts';
import {
  dumpAddresses,
  dumpLinks,
  dumpRoutes,
  type Link,
  type Prefix,
  parseAddressReply,
  parseLink,
  parseRouteReply,
} from '../netlink/route.ts';
import type { NetlinkSocket } from '../netlink/socket.ts';

export interface HostView {
  links: Link[];
  addresses: Prefix[];
  routes: Prefix[];
}

export async function readHost(socket: NetlinkSocket): Promise<HostView> {
  const links = (await socket.dump(dumpLinks())).map(parseLink);
  const addresses = (await socket.dump(dumpAddresses())).map(parseAddressReply).filter((a) => a !== undefined);
  const routes = (await socket.dump(dumpRoutes())).map(parseRouteReply).filter((r) => r !== undefined);
  return { links, addresses, routes };
}

/** Subnets that are on an interface or routed, except those of one link. A /0 is not a subnet. */
export function subnetsInUse(host: HostView, exceptIndex = -1): Cidr[] {
  return [...host.addresses, ...host.routes]
    .filter((used) => used.index !== exceptIndex && used.prefix > 0)
    .map(({ address, prefix }) => ({
      address: (address & ((0xffffffff << (32 - prefix)) >>> 0)) >>> 0,
      prefix,
    }));
}
