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
