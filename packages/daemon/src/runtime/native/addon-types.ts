/** The typed surface of native.node; one interface per native/addon/<name>_binding.cc. Descriptors are plain numbers, O_CLOEXEC. */

export interface NativeAddon
  extends ProcessBinding,
    FdBinding,
    DatagramBinding,
    NetlinkBinding,
    NamespaceBinding,
    FilesystemBinding,
    NodeBinding,
    TerminalBinding {}

/** How a helper ended; `exitCode` is 128+n after signal n. */
export interface HelperExit {
  exitCode: number;
  /** 0: it exited by itself. */
  signal: number;
}

/** native/addon/process_binding.cc */
export interface ProcessBinding {
  /**
   * Descriptor to start helpers from: a sealed copy in memory, which a container cannot write to through
   * /proc/<pid>/exe; the file itself where memory files may not be executed. Once at daemon start; the caller closes it.
   * @throws Error with errno, code, syscall, path
   */
  openExecutable(path: string): number;
  /**
   * Starts a helper with vfork semantics: returns when its execve has succeeded (0.5 ms, the main thread waits).
   * The helper's descriptors 0-2 are `stdio`, /dev/null where that names none; `fds[i]` becomes its 3+i; nothing else is
   * inherited. `args` come after argv[0]. The caller keeps and closes its own descriptors.
   * @param opts.env complete environment, default empty
   * @param opts.ref false: a running helper does not keep node alive; default true
   * @returns `exited` resolves when the helper has ended and is reaped
   * @throws Error with errno, code, syscall
   */
  spawnHelper(opts: {
    executable: number;
    args: string[];
    fds: number[];
    stdio?: number[];
    env?: string[];
    ref?: boolean;
  }): {
    pid: number;
    exited: Promise<HelperExit>;
  };
  /** @throws Error with code ESRCH when there is no such process */
  pidfdOpen(pid: number): number;
  /** @throws Error with code ESRCH when the process has ended */
  pidfdSignal(pidfd: number, signal: number): void;
}

/** native/addon/fd_binding.cc */
export interface FdBinding {
  /** A sealed file in memory with these bytes, at offset 0. */
  memoryFile(data: Buffer): number;
  /** Two connected SOCK_SEQPACKET unix sockets, non-blocking. */
  socketPair(): [number, number];
  /** Two connected SOCK_STREAM unix sockets, blocking. */
  streamPair(): [number, number];
  /** A listening unix stream socket `directory`/`name`; the whole path may be longer than 107 bytes. */
  listenUnix(directory: string, name: string): number;
  /** Sends one message with descriptors (at most 253); `data` must not be empty. */
  sendFds(socket: number, data: Buffer, fds: number[]): void;
  /** Waits for one message (at most 4096 bytes); empty data: the other side has closed. */
  receiveFds(socket: number): Promise<{ data: Buffer; fds: number[] }>;
  /** Resolves when the descriptor is readable; a pidfd: when its process has ended. It must stay open until then. */
  readable(fd: number): Promise<void>;
}

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
   * A new user namespace; nothing runs in it.
   * @param uidMap lines of `inside outside count`, as in /proc/<pid>/uid_map; `gidMap` likewise
   */
  createUserns(uidMap: string, gidMap: string): Promise<number>;
  /**
   * A new network namespace and a NETLINK_ROUTE socket that lives inside it. New interfaces there start without IPv6
   * (lo has it) and announce their addresses by ARP. Made on a thread of its own; the daemon's threads never move.
   * @param usernsFd the user namespace it belongs to; default: the daemon's
   */
  createNetns(usernsFd?: number): Promise<{ netnsFd: number; rtnetlinkFd: number }>;
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

/** native/addon/datagram_binding.cc. Errors have errno, code, syscall. */
export interface DatagramBinding {
  /** A unix datagram socket, connected to the one at `path`; it never blocks. */
  connectDatagram(path: string): number;
  /** One datagram, with descriptors. False: the receiver's queue is full. */
  sendDatagram(socket: number, data: Buffer, fds: number[]): boolean;
  /** Ends the waiting in `writable`. */
  shutDatagram(socket: number): void;
  /** Resolves when there is room to write, or never will be. The descriptor must stay open until then. */
  writable(fd: number): Promise<void>;
}

/** native/addon/filesystem_binding.cc */
export interface FilesystemBinding {
  /** syncfs(2) of the file system that holds the directory `path`. @throws `{ errno, syscall, step, path }` */
  syncFileSystem(path: string): Promise<void>;
  /** Removes a tree of any depth and any names, without following symlinks. Missing is no error. */
  removeTree(path: string): Promise<void>;
  /** Bytes of files and symlinks below `path`, each inode once. ELOOP deeper than 512 directories. */
  treeBytes(path: string): Promise<number>;
  /** flock(2), exclusive, until the descriptor is closed. False: somebody else holds it. */
  tryLock(fd: number): boolean;
  /** lgetxattr(2). Undefined: no such attribute. */
  getXattr(path: string, name: string): Promise<Buffer | undefined>;
}

/** native/addon/terminal_binding.cc */
export interface TerminalBinding {
  /** cfmakeraw; returns the settings before. @throws Error with code and syscall, ENOTTY for what is no terminal */
  makeRaw(fd: number): Buffer;
  /** @param state what makeRaw returned */
  restore(fd: number, state: Uint8Array): void;
  /** TIOCGWINSZ */
  windowSize(fd: number): { height: number; width: number };
}

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
