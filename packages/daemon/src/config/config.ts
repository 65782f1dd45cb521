/** What the daemon runs with, after flags, daemon.json and defaults are merged. */
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
  /** TLS on the tcp listeners; undefined: none. */
  tls?: TlsConfig;
}

export interface TlsConfig {
  certPath: string;
  keyPath: string;
  /** CA of the clients' certificates; undefined: clients are not checked. */
  caPath?: string;
}
