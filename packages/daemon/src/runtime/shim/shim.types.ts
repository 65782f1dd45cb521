/** The seam between the runtime's compiler (spec, seccomp, cgroups: pure) and the shim vertical (encoder, spawn, frames). */
import type { OciSpec } from '@tsdocker/shared/types/oci-spec.ts';
import type { ContainerLog, ExitStatus, NetworkNamespace, ProcessStreams, Rootfs, UserNamespace } from '../runtime.ts';
import type { SeccompFilter } from '../seccomp/seccomp.ts';

/** cgroup work as data: made by runtime/cgroup/, carried out by the shim before the child starts. */
export interface CgroupPlan {
  version: 1 | 2;
  /** Absolute directories to make, parents first; the shim removes only those with `own`. */
  directories: { path: string; own: boolean }[];
  /** Done in order. `optional`: ENOENT, EOPNOTSUPP and EACCES are ignored. */
  writes: { path: string; value: string; optional: boolean }[];
  /** v1: each `<dir>/tasks` file the child writes 0 to; v2: the one directory for CLONE_INTO_CGROUP. */
  join: string[];
  /** Directory whose memory.oom_control (v1) or memory.events (v2) is watched. */
  memoryDirectory?: string;
  freezerDirectory?: string;
  /** v2: BPF_PROG_TYPE_CGROUP_DEVICE instructions (8 bytes each) attached to the directory. */
  deviceProgram?: Buffer;
}

export interface ShimStart {
  id: string;
  /** <exec-root>/shims/<id>: sock, state, exit. Made here, root only. */
  runtimeDirectory: string;
  spec: OciSpec;
  /** Undefined: unconfined. */
  seccomp?: SeccompFilter;
  cgroup: CgroupPlan;
  rootfs: Rootfs;
  network: NetworkNamespace;
  userNamespace?: UserNamespace;
  log?: ContainerLog;
  /** Keep a stdin pipe open (pty when spec.process.terminal). */
  stdin: boolean;
  /** Close stdin when the first attached client closes its. */
  stdinOnce: boolean;
  heldSockets: number[];
  note?: string;
}

export interface ShimExec {
  session: string;
  process: OciSpec['process'];
  seccomp?: SeccompFilter;
  stdin: boolean;
  /**
   * Default true: the first `streams()` has everything from the first byte, and an exec whose streams are never read is
   * held up once about a megabyte waits. false: output goes nowhere until `streams()` is called.
   */
  attach?: boolean;
  note?: string;
}

/** errno of a failed step; `step` names the plan operation (mount /proc, execve, ...), `path` what it was about. */
export interface StepError extends Error {
  errno: number;
  /** ENOENT, EACCES, ... */
  code: string;
  step: string;
  path?: string;
}

export interface ShimExecHandle {
  readonly pid: number;
  readonly exited: Promise<ExitStatus>;
  streams(): ProcessStreams;
  resize(size: { height: number; width: number }): Promise<void>;
}

export interface ShimHandle {
  readonly pid: number;
  readonly startedAt: bigint;
  readonly exited: Promise<ExitStatus>;
  readonly gone: Promise<void>;
  onOom(handler: () => void): void;
  onLogRotated(handler: () => void): void;
  signal(signal: number): Promise<void>;
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  resize(size: { height: number; width: number }): Promise<void>;
  attach(opts: { stdin: boolean; stdout: boolean; stderr: boolean }): ProcessStreams;
  /** @throws StepError */
  exec(exec: ShimExec): Promise<ShimExecHandle>;
  /** After a reattach: the note its start came with. */
  readonly note: string | undefined;
  /** After a reattach: the execs that came with a note and ended after the last daemon, or not at all. */
  readonly adoptedExecs: { note: string; exec: ShimExecHandle }[];
  /** Writes cgroup files from the shim's side: not needed when the daemon can write them itself. */
  reopenLog(): Promise<void>;
}

export interface ShimLauncher {
  /** @throws StepError; nothing is left behind */
  start(start: ShimStart, opts?: { onCreated?: (shim: ShimHandle) => void }): Promise<ShimHandle>;
  reattach(
    runtimeDirectory: string,
  ): Promise<
    | { kind: 'running'; shim: ShimHandle; paused: boolean }
    | { kind: 'exited'; status: ExitStatus }
    | { kind: 'lost'; cgroupDirectories: string[] }
  >;
  forget(runtimeDirectory: string): Promise<void>;
}
