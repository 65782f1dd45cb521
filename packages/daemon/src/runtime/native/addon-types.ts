/** The typed surface of native.node; one interface per native/addon/<name>_binding.cc. Descriptors are plain numbers, O_CLOEXEC. */

export interface NativeAddon
  extends ProcessBinding,
    FdBinding,
    NetlinkBinding,
    NamespaceBinding,
    FilesystemBinding,
    NodeBinding,
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
export interface FilesystemBinding {
  /** syncfs(2) of the file system that holds the directory `path`. @throws `{ errno, syscall, step, path }` */
  syncFileSystem(path: string): Promise<void>;
  /** Removes a tree of any depth and any names, without following symlinks. Missing is no error. */
  removeTree(path: string): Promise<void>;
  /** Bytes of files and symlinks below `path`, each inode once. ELOOP deeper than 512 directories. */
  treeBytes(path: string): Promise<number>;
  /** lgetxattr(2). Undefined: no such attribute. */
  getXattr(path: string, name: string): Promise<Buffer | undefined>;
}

/** native/addon/terminal_binding.cc */
// biome-ignore lint/suspicious/noEmptyInterface: filled by the terminal binding
export interface TerminalBinding {}

/** native/addon/node_binding.cc: single metadata calls, synchronous; an error carries errno, code, syscall and path. */
export interface NodeBinding {
  /** mknod(2). `mode` with its type bits (S_IFCHR ...). */
  makeNode(path: string, mode: number, major: number, minor: number): void;
  /** Copies all extended attributes but overlayfs' own; links are not followed. */
  copyXattrs(from: string, to: string): void;
  /** trusted.overlay.opaque = y */
  isOpaqueDirectory(path: string): boolean;
  /** A tmpfs with nosuid, nodev, noexec. @param data `mode=1777,size=65536k` */
  mountTmpfs(target: string, data: string): void;
  /** Lazy unmount of the topmost mount there; nothing mounted is no error. */
  detachMount(target: string): void;
}
