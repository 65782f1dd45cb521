/** What the daemon runs with, after flags, daemon.json and defaults are merged. */
import type { Ulimit } from '@tsdocker/shared/ulimit.ts';
import type { LogLevel } from '../log.ts';

export interface DaemonConfig {
  dataRoot: string;
  execRoot: string;
  pidfile: string;
  /** `unix:///path`, `tcp://host:port`. */
  hosts: string[];
  /** Owner group of the unix socket; the user named it when `groupRequired`. */
  group: string;
  groupRequired: boolean;
  logLevel: LogLevel;
  debug: boolean;
  /** Base addresses, tried before Docker Hub. */
  registryMirrors: string[];
  /** `host[:port]` or CIDR: plain HTTP and unchecked certificates are allowed. */
  insecureRegistries: string[];
  /** `key=value`, shown by info. */
  labels: string[];
  maxConcurrentDownloads: number;
  limits: LimitDefaults;
  security: SecurityDefaults;
  logs: LogDefaults;
  /** TLS on the tcp listeners; undefined: none. */
  tls?: TlsConfig;
}

/** What containers get that ask for nothing else. */
export interface LimitDefaults {
  /** '' = the engine's own. */
  cgroupParent: string;
  /** Of the parent cgroups of containers, cgroup v1 only; 0 = as they are. */
  realtime: { periodMicros: number; runtimeMicros: number };
  /** Undefined: private on cgroup v2, else host. */
  cgroupnsMode?: 'host' | 'private';
  shmBytes: number;
  ulimits: Ulimit[];
}

/** How the output of containers is logged that do not say. */
export interface LogDefaults {
  driver: string;
  options: Record<string, string>;
}

/** How containers are confined that do not say. */
export interface SecurityDefaults {
  /** `builtin`, `unconfined` or the path of a profile. */
  seccompProfile: string;
  noNewPrivileges: boolean;
  ipcMode: 'private' | 'shareable';
  /** As given to `--userns-remap`; '' = containers have the host's user namespace. */
  usernsRemap: string;
  /** An init process in containers that do not say. */
  init: boolean;
  /** Program of that; undefined: the engine's own. */
  initPath?: string;
}

export interface TlsConfig {
  certPath: string;
  keyPath: string;
  /** CA of the clients' certificates; undefined: clients are not checked. */
  caPath?: string;
}
