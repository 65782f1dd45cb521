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
// biome-ignore lint/suspicious/noEmptyInterface: filled by the netlink binding
export interface NetlinkBinding {}

/** native/addon/namespace_binding.cc */
// biome-ignore lint/suspicious/noEmptyInterface: filled by the namespace binding
export interface NamespaceBinding {}

/** native/addon/filesystem_binding.cc */
// biome-ignore lint/suspicious/noEmptyInterface: filled by the filesystem binding
export interface FilesystemBinding {}

/** native/addon/terminal_binding.cc */
export interface TerminalBinding {
  /** cfmakeraw; returns the settings before. @throws Error with code and syscall, ENOTTY for what is no terminal */
  makeRaw(fd: number): Buffer;
  /** @param state what makeRaw returned */
  restore(fd: number, state: Uint8Array): void;
  /** TIOCGWINSZ */
  windowSize(fd: number): { height: number; width: number };
}
