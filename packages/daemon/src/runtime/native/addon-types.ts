/** The typed surface of native.node; one interface per native/addon/<name>_binding.cc. Descriptors are plain numbers, O_CLOEXEC. */

export interface NativeAddon
  extends ProcessBinding,
    FdBinding,
    NetlinkBinding,
    NamespaceBinding,
    FilesystemBinding,
    TerminalBinding {}

/** native/addon/process_binding.cc */
// biome-ignore lint/suspicious/noEmptyInterface: filled by the process binding
export interface ProcessBinding {}

/** native/addon/fd_binding.cc */
// biome-ignore lint/suspicious/noEmptyInterface: filled by the fd binding
export interface FdBinding {}

/** native/addon/netlink_binding.cc */
export interface NetlinkBinding {
  /**
   * A bound netlink socket in the daemon's network namespace.
   * @param family NETLINK_ROUTE 0, NETLINK_NETFILTER 12
   */
  netlinkOpen(family: number): number;
  /**
   * Sends whole messages and reads until the last one is answered, on a pool thread. The last message must ask for an
   * ack or be a dump. Resolves with every reply message, errors of the kernel included: the caller reads them.
   * One transaction at a time per socket. Rejects with a system error when the socket fails (ETIMEDOUT after 10 s).
   */
  netlinkTransact(fd: number, request: Buffer): Promise<Buffer>;
}

/** native/addon/namespace_binding.cc */
export interface NamespaceBinding {
  /**
   * A new network namespace and a NETLINK_ROUTE socket that lives inside it. New interfaces there start without IPv6
   * (lo has it) and announce their addresses by ARP. Made on a thread of its own; the daemon's threads never move.
   */
  createNetns(): Promise<{ netnsFd: number; rtnetlinkFd: number }>;
  /** A bound netlink socket inside the namespace. */
  netlinkOpenIn(netnsFd: number, family: number): Promise<number>;
  /**
   * A socket bound to a port of the host; tcp and sctp listen. IPv6 addresses bind IPv6 only.
   * @throws system error: EADDRINUSE, EADDRNOTAVAIL, EACCES, EPROTONOSUPPORT (sctp without kernel support)
   */
  bindPort(where: PortAddress): number;
  /** The same inside a namespace; port 0 picks one. */
  bindPortIn(netnsFd: number, where: PortAddress): Promise<number>;
}

export interface PortAddress {
  protocol: 'tcp' | 'udp' | 'sctp';
  /** IPv4 or IPv6, no brackets. */
  address: string;
  port: number;
}

/** native/addon/filesystem_binding.cc */
// biome-ignore lint/suspicious/noEmptyInterface: filled by the filesystem binding
export interface FilesystemBinding {}

/** native/addon/terminal_binding.cc */
// biome-ignore lint/suspicious/noEmptyInterface: filled by the terminal binding
export interface TerminalBinding {}
