/**
 * What the container domain asks of the runtime. One implementation: runtime/native-runtime.ts, which compiles a start
 * into an OCI spec, a seccomp program and cgroup writes, and hands them to the container's shim.
 */
import type { ContainerConfig, HostConfig, MountPoint } from '@tsdocker/shared/types/container.ts';
import type { ExecConfig } from '@tsdocker/shared/types/exec.ts';
import type { CgroupFeatures } from './cgroup/features.ts';
import type { IdMap } from './id-map.ts';

/** The directories of a container's root file system, top lower first; `volatile` only for containers removed at exit. */
export interface Rootfs {
  lowers: string[];
  upper: string;
  work: string;
  volatile: boolean;
}

/** Where the container's network namespace comes from. The runtime does not close the descriptor. */
export type NetworkNamespace =
  | { kind: 'fd'; fd: number }
  | { kind: 'host' }
  /** A new, empty one: only lo, which the runtime brings up. */
  | { kind: 'new' }
  /** That of a running process (container:X). */
  | { kind: 'path'; path: string };

/** Made for one start; whoever asked for it closes it. */
export interface UserNamespace {
  fd: number;
  map: IdMap;
  /** Who its root is on the host. */
  root: { uid: number; gid: number };
  close(): void;
}

/** A mount of the user or of the daemon, resolved: `source` exists on the host. */
export interface ResolvedMount {
  type: 'bind' | 'tmpfs';
  source: string;
  destination: string;
  readOnly: boolean;
  /** rprivate rslave rshared private slave shared; default rprivate. */
  propagation?: string;
  /** More options in mount(8) words: tmpfs size=, mode=, exec ... */
  options?: string[];
  nonRecursive?: boolean;
  /** The engine's own: in a user namespace root on disk is root inside. What the user names keeps its owners. */
  mapped?: boolean;
}

/** The file a container's output is written to. */
export interface ContainerLog {
  path: string;
  /** Default: json-file. */
  format?: 'json-file' | 'local';
  /** -1: never rotated. */
  maxSizeBytes: number;
  maxFiles: number;
  /** The container never waits for its log: that much waits in memory, and what comes when it is full is dropped. */
  maxBufferBytes?: number;
  /** What rotation leaves is compressed, by the daemon. */
  compress?: boolean;
  /** A JSON object that each record carries. */
  attributes?: string;
}

export interface StartRequest {
  id: string;
  config: ContainerConfig;
  hostConfig: HostConfig;
  /** argv after entrypoint and command are joined. */
  args: string[];
  /** Complete environment, in order. HOME is added by the runtime if missing. */
  env: string[];
  hostname: string;
  rootfs: Rootfs;
  mounts: ResolvedMount[];
  network: NetworkNamespace;
  /** Undefined: the host's. */
  userNamespace?: UserNamespace;
  /** pid whose ipc / pid / uts namespace is joined, for container:X modes. */
  joins?: { ipc?: number; pid?: number };
  /** Undefined: output is not kept. */
  log?: ContainerLog;
  /** Sockets that reserve published ports; given to the shim, which holds them while the container runs. */
  heldSockets?: number[];
  /** What the next daemon shall know of this run even if this one dies before it writes it down. Kept by the shim. */
  note?: string;
}

/** How a container or exec ended. exitCode is 128+n after signal n. */
export interface ExitStatus {
  exitCode: number;
  oomKilled: boolean;
  /** Unix time in nanoseconds. */
  finishedAt: bigint;
}

/**
 * A process with its streams, as one client sees it. Each attach gives a new one.
 * `output` yields chunks in order and ends when the process' output has ended or `close()` was called; slow readers are
 * waited for (bounded), never buffered without limit.
 */
export interface ProcessStreams {
  output: AsyncIterable<{ stream: 1 | 2; data: Buffer }>;
  /** Resolves when there is room for more. No-op when the process has no stdin. */
  write(data: Buffer): Promise<void>;
  closeStdin(): Promise<void>;
  /** Leaves the process as it is; ends `output`. */
  close(): void;
}

export interface ExecRequest {
  id: string;
  exec: ExecConfig;
  /** Of the container it runs in. */
  config: ContainerConfig;
  hostConfig: HostConfig;
  env: string[];
  consoleSize?: { height: number; width: number };
  /** False: nobody will read the output, and it is thrown away. */
  attach: boolean;
  /** Given back at a reattach, with the exec; one without is forgotten with its daemon. */
  note?: string;
}

export interface RunningExec {
  readonly pid: number;
  readonly exited: Promise<ExitStatus>;
  streams(): ProcessStreams;
  resize(size: { height: number; width: number }): Promise<void>;
}

/** A container with a live shim. */
export interface RunningContainer {
  readonly id: string;
  /** In the host's pid namespace. */
  readonly pid: number;
  /** Unix time in nanoseconds. */
  readonly startedAt: bigint;
  /** Once the process has ended and its output is in the log. Never rejects; a dead shim gives exitCode 137. */
  readonly exited: Promise<ExitStatus>;
  /** Once the shim has removed cgroups and mounts and is gone. */
  readonly gone: Promise<void>;
  /** Resolves when memory.oom killed something inside; may never. Handler is called once per event. */
  onOom(handler: () => void): void;
  /** Called once per rotation of the log that happens while this daemon listens. */
  onLogRotated(handler: () => void): void;
  /** @throws Conflict when the process is gone */
  signal(signal: number): Promise<void>;
  /** Signals every process of the container (used when pid 1 is shared). */
  pause(): Promise<void>;
  resume(): Promise<void>;
  resize(size: { height: number; width: number }): Promise<void>;
  /**
   * Subscribes to the output from now on. `stdin: true` lets `write` reach the process.
   * Subscribe before start with Runtime.start's `onCreated` so that no byte is missed.
   */
  attach(opts: { stdin: boolean; stdout: boolean; stderr: boolean }): ProcessStreams;
  exec(req: ExecRequest): Promise<RunningExec>;
  /** Writes changed limits into the cgroups. */
  update(hostConfig: HostConfig): Promise<void>;
  /** Host pids of all processes in the container's cgroup. */
  pids(): Promise<number[]>;
  /** cgroup counters for stats, to be closed. */
  openStats(): StatsReader;
  /** Makes the shim reopen its log after the daemon rotated or removed it. */
  reopenLog(): Promise<void>;
}

/** Keeps descriptors between samples. */
export interface StatsReader {
  /** Blocks for some microseconds. Absent controllers give zeros; undefined: the container has ended. */
  read(): CgroupStats | undefined;
  close(): void;
}

export interface CgroupStats {
  cpu: {
    usageNanos: bigint;
    userNanos: bigint;
    systemNanos: bigint;
    periods: number;
    throttledPeriods: number;
    throttledNanos: bigint;
    perCpuNanos?: bigint[];
  };
  memory: {
    usageBytes: bigint;
    maxUsageBytes: bigint;
    limitBytes: bigint;
    failures: number;
    stats: Record<string, number>;
  };
  pids: { current: number; limit?: number };
  io: { major: number; minor: number; op: string; bytes: bigint; count: bigint }[];
}

/** Why a start or exec failed before the user's program ran. exitCode: 126 not executable, 127 not found, else 128 or 125. */
export interface StartFailure {
  exitCode: number;
}

export type Reattached =
  | {
      kind: 'running';
      container: RunningContainer;
      paused: boolean;
      note: string | undefined;
      /** Also those that ended since the last daemon: their `exited` is settled. */
      execs: { note: string; process: RunningExec }[];
    }
  | { kind: 'exited'; status: ExitStatus }
  | { kind: 'lost' };

export interface Runtime {
  /**
   * Starts a container. Resolves once execve has succeeded.
   * @param opts.onCreated called when the shim exists but the program does not run yet, to attach without losing output
   * @throws DockerError whose message is Docker's ("failed to create task for container: ..."), with `exitCode` as in StartFailure;
   *   nothing is left behind (no cgroup, process, directory)
   */
  start(req: StartRequest, opts?: { onCreated?: (c: RunningContainer) => void }): Promise<RunningContainer>;
  /** Takes over a container a previous daemon started. `exited`: it ended meanwhile; `lost`: no trace, nothing runs. */
  reattach(id: string): Promise<Reattached>;
  /** Forgets what is kept of an ended container (exit file, runtime directory). */
  forget(id: string): Promise<void>;
  /**
   * The user namespace for a start, which the caller closes; undefined: the host's.
   * @param peer host pid of a process whose network, IPC or PID namespace is joined
   * @throws InvalidParameter, Conflict
   */
  openUserNamespace(hostConfig: Pick<HostConfig, 'UsernsMode'>, peer?: number): Promise<UserNamespace | undefined>;
  /** Whether a container of this kind has a user namespace. @throws InvalidParameter there are no ids for one */
  hasUserNamespace(hostConfig: Pick<HostConfig, 'UsernsMode'>): boolean;
  /** Facts for `info` and for warnings at create. */
  readonly capabilities: RuntimeCapabilities;
}

export interface RuntimeCapabilities extends CgroupFeatures {
  seccomp: boolean;
  apparmor: boolean;
  selinux: boolean;
  /** Containers have user namespaces unless they ask for the host's. */
  userns: boolean;
}

export type { MountPoint };
