/** The typed surface of native.node; one interface per native/addon/<name>_binding.cc. Descriptors are plain numbers, O_CLOEXEC. */

export interface NativeAddon
  extends ProcessBinding,
    FdBinding,
    NetlinkBinding,
    NamespaceBinding,
    FilesystemBinding,
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
   * The helper's descriptors 0-2 are /dev/null, `fds[i]` becomes its 3+i, nothing else is inherited. `args` come after
   * argv[0]. The caller keeps and closes its own `fds`.
   * @param opts.env complete environment, default empty
   * @param opts.ref false: a running helper does not keep node alive; default true
   * @returns `exited` resolves when the helper has ended and is reaped
   * @throws Error with errno, code, syscall
   */
  spawnHelper(opts: { executable: number; args: string[]; fds: number[]; env?: string[]; ref?: boolean }): {
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
// biome-ignore lint/suspicious/noEmptyInterface: filled by the netlink binding
export interface NetlinkBinding {}

/** native/addon/namespace_binding.cc */
// biome-ignore lint/suspicious/noEmptyInterface: filled by the namespace binding
export interface NamespaceBinding {}

/** native/addon/filesystem_binding.cc */
// biome-ignore lint/suspicious/noEmptyInterface: filled by the filesystem binding
export interface FilesystemBinding {}

/** native/addon/terminal_binding.cc */
// biome-ignore lint/suspicious/noEmptyInterface: filled by the terminal binding
export interface TerminalBinding {}
