/** What is kept of a container on disk: `config.json` and, apart because it changes apart, `hostconfig.json`. */
import type { ContainerConfig, ContainerState, HostConfig, PortMap } from '@tsdocker/shared/types/container.ts';
import type { EndpointSettings } from '@tsdocker/shared/types/network.ts';

/**
 * created -> running <-> paused; running -> restarting -> running; any of them -> exited -> running; not running -> removing.
 * dead: its removal failed half-way; only removal is left.
 */
export type Status = 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead';

export type Health = NonNullable<NonNullable<ContainerState>['Health']>;

export interface StateRecord {
  status: Status;
  /** 0 when no process runs. */
  pid: number;
  exitCode: number;
  error: string;
  oomKilled: boolean;
  /** RFC 3339 with nanoseconds; `0001-01-01T00:00:00Z` = never. */
  startedAt: string;
  finishedAt: string;
  /** From the first start of a container with a health check. */
  health?: Health;
}

/** A mount the user asked for. Source is a host path (bind), the volume's directory (volume) or empty (tmpfs). */
export interface MountRecord {
  Type: 'bind' | 'volume' | 'tmpfs';
  Destination: string;
  /** As given after the last colon of a bind; shown by inspect. */
  Mode: string;
  RW: boolean;
  Propagation: string;
  /** Volumes only. */
  Name?: string;
  Driver?: string;
  Source: string;
  /** Made without a name: `rm -v` and --rm remove it with the last container that has it. */
  anonymous?: boolean;
  /** Make the missing bind source as a directory at start. */
  createSource?: boolean;
  nonRecursive?: boolean;
  /** A bind of the engine's own directory. */
  mapped?: boolean;
  /** Subdirectory of the volume that is mounted. */
  subpath?: string;
  /** tmpfs and volume options in mount(8) words. */
  options?: string[];
  /** Given in HostConfig.Tmpfs: not part of inspect's Mounts. */
  hidden?: boolean;
}

export interface NetworkRecord {
  sandboxId: string;
  networks: Record<string, EndpointSettings>;
  ports: PortMap;
}

export interface ContainerRecord {
  version: 1;
  id: string;
  /** Without the slash. */
  name: string;
  created: string;
  imageId: string;
  path: string;
  args: string[];
  config: ContainerConfig;
  mounts: MountRecord[];
  network: NetworkRecord;
  state: StateRecord;
  restartCount: number;
  /** stop or kill by a user: the restart policy sleeps until the next start. */
  manuallyStopped: boolean;
}

export interface StoredContainer {
  record: ContainerRecord;
  hostConfig: HostConfig;
}
