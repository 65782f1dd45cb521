/** What networks ask of a packet filter: address translation of published ports, masquerading, isolation. */
import type { Cidr } from '../ipam/ipv4.ts';

export type Protocol = 'tcp' | 'udp' | 'sctp';

/** IP protocol numbers. */
export const PROTOCOL_NUMBER: Readonly<Record<Protocol, number>> = { tcp: 6, udp: 17, sctp: 132 };

/** A bridge network as the filter sees it. */
export interface FilteredNetwork {
  bridge: string;
  subnet: Cidr;
  /** Hide the subnet behind the host's address when packets leave through another interface. */
  masquerade: boolean;
  /** Containers of the network may reach each other. */
  icc: boolean;
  /** Nothing goes in or out. */
  internal: boolean;
}

/** One published port. */
export interface PublishedPort {
  protocol: Protocol;
  /** Address of the host; 0 = any. */
  hostAddress: number;
  hostPort: number;
  containerAddress: number;
  containerPort: number;
}

export interface Firewall {
  /** Replaces everything that is there with this, in one transaction. */
  load(networks: readonly FilteredNetwork[], ports: readonly PublishedPort[]): Promise<void>;
  /** Replaces the networks; published ports stay. */
  setNetworks(networks: readonly FilteredNetwork[]): Promise<void>;
  /** All of them or none. */
  publish(ports: readonly PublishedPort[]): Promise<void>;
  /** Ports that are not published are ignored. */
  unpublish(ports: readonly PublishedPort[]): Promise<void>;
  /** Ends the flows from and to addresses that no container has any more. */
  forgetAddresses(addresses: ReadonlySet<number>): Promise<void>;
  /** Looks whether another engine's rules stop our packets, and opens the way where it can. */
  checkForeignRules(): Promise<void>;
  /** Removes all rules. */
  remove(): Promise<void>;
}
