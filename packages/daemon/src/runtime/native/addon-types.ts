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
