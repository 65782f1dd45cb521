/**
 * The OCI runtime configuration, cut to the fields this runtime honours. The daemon compiles a container into one of
 * these; the shim client turns it into a plan for the shim. Field names are the specification's.
 * @see OCI runtime-spec v1.2, config.md and config-linux.md
 */
export interface OciSpec {
  process: OciProcess;
  root: { readonly: boolean };
  hostname?: string;
  domainname?: string;
  /** In mount order: a later one may lie below an earlier one. */
  mounts: OciMount[];
  linux: OciLinux;
  annotations?: Record<string, string>;
}

export interface OciProcess {
  terminal: boolean;
  consoleSize?: { height: number; width: number };
  user: OciUser;
  /** argv; args[0] is looked up in PATH of `env`, inside the root. */
  args: string[];
  env: string[];
  /** Created (owned by root) when missing. */
  cwd: string;
  capabilities: OciCapabilities;
  rlimits: { type: string; soft: bigint | number; hard: bigint | number }[];
  noNewPrivileges: boolean;
  oomScoreAdj?: number;
  apparmorProfile?: string;
  selinuxLabel?: string;
}

export interface OciUser {
  uid: number;
  gid: number;
  additionalGids: number[];
  umask?: number;
}

/** Names with the CAP_ prefix, upper case. */
export interface OciCapabilities {
  bounding: string[];
  effective: string[];
  inheritable: string[];
  permitted: string[];
  ambient: string[];
}

export interface OciMount {
  /** Absolute path in the container. */
  destination: string;
  /** `bind` or a file system type: proc, tmpfs, devpts, sysfs, mqueue, cgroup. */
  type: string;
  /** Host path of a bind (must exist), else the name shown in mountinfo. */
  source: string;
  /** fstab words: ro nosuid nodev noexec relatime strictatime bind rbind rprivate rshared rslave, and file system data. `rro` = read-only with all submounts. */
  options: string[];
}

export interface OciLinux {
  namespaces: OciNamespace[];
  devices: OciDevice[];
  /** Set in the new network and ipc namespaces before /proc/sys becomes read-only. */
  sysctl: Record<string, string>;
  maskedPaths: string[];
  readonlyPaths: string[];
  rootfsPropagation?: string;
  uidMappings?: OciIdMapping[];
  gidMappings?: OciIdMapping[];
}

export interface OciIdMapping {
  containerID: number;
  hostID: number;
  size: number;
}

export interface OciNamespace {
  type: 'pid' | 'network' | 'mount' | 'ipc' | 'uts' | 'user' | 'cgroup';
  /** Joins this one (/proc/<pid>/ns/...) instead of making a new one. A type that is absent is shared with the host. */
  path?: string;
}

export interface OciDevice {
  path: string;
  type: 'c' | 'b' | 'p';
  major: number;
  minor: number;
  fileMode: number;
  uid: number;
  gid: number;
}
