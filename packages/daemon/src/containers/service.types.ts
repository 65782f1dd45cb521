/** What the API asks of containers and execs. Implemented by containers/service.ts, one file a verb. */
import type { Readable, Writable } from 'node:stream';
import type {
  ContainerConfig,
  ContainerCreateRequest,
  ContainerCreateResponse,
  ContainerInspect,
  ContainerStats,
  ContainerSummary,
  ContainerTopResponse,
  ContainerWaitResponse,
  FilesystemChange,
  HostConfig,
} from '@tsdocker/shared/types/container.ts';
import type { ExecConfig, ExecInspect } from '@tsdocker/shared/types/exec.ts';
import type { LogChunk, LogOptions } from '../logging/read-logs.ts';

export type { LogChunk, LogOptions };

export interface CreateOptions {
  name?: string;
  platform?: string;
  request: ContainerCreateRequest;
  /** Its binds are directories of the engine's own, where root is root in any user namespace. */
  ownBinds?: boolean;
}

/** The client's side of an attach or exec, opened only after the request has been checked. */
export interface ClientStreams {
  /** Undefined when the client gives no stdin. Its end is a half close. */
  stdin?: Readable;
  stdout: Writable;
  stderr: Writable;
}

/** The API layer does the hijack in here; `tty` says whether the stream is raw. */
export type OpenStreams = (tty: boolean) => Promise<ClientStreams>;

export interface AttachOptions {
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
  /** Follow from now on. */
  stream: boolean;
  /** Replay what the log holds first. */
  logs: boolean;
  detachKeys?: string;
}

export interface ListOptions {
  all: boolean;
  limit?: number;
  size: boolean;
  filters: Record<string, string[]>;
}

export type WaitCondition = 'not-running' | 'next-exit' | 'removed';

/** `ref` is a full id, a unique id prefix or a name, with or without the slash. */
/** Takes the bytes of an answer; false: the client is gone. */
export type WriteDownload = (chunk: Buffer) => Promise<boolean>;

/** Begins the answer, once nothing can be refused any more. */
export type OpenDownload = () => Promise<WriteDownload>;

/** What `docker cp` is told about a path. @see Engine API `ContainerArchiveInfo` */
export interface PathStat {
  name: string;
  size: number;
  /** Go's os.FileMode. */
  mode: number;
  /** RFC 3339 with nanoseconds. */
  mtime: string;
  /** Of a symlink, absolute. */
  linkTarget: string;
}

export type OpenArchive = (stat: PathStat) => Promise<WriteDownload>;

export interface ArchiveUpload {
  /** An existing directory. */
  path: string;
  noOverwriteDirNonDir: boolean;
  /** Everything belongs to the container's user, not to who the archive says. */
  copyUidGid: boolean;
  content: AsyncIterable<Buffer>;
}

export interface CommitRequest {
  /** Replaces members of the container's own configuration. */
  config?: ContainerConfig;
  changes: string[];
  ref?: string;
  author?: string;
  comment?: string;
  pause: boolean;
}

export interface ContainerService {
  create(opts: CreateOptions): Promise<ContainerCreateResponse>;
  start(ref: string, opts?: { detachKeys?: string }): Promise<void>;
  stop(ref: string, opts: { signal?: string; timeoutSeconds?: number }): Promise<void>;
  restart(ref: string, opts: { signal?: string; timeoutSeconds?: number }): Promise<void>;
  kill(ref: string, opts: { signal?: string }): Promise<void>;
  pause(ref: string): Promise<void>;
  unpause(ref: string): Promise<void>;
  rename(ref: string, name: string): Promise<void>;
  remove(ref: string, opts: { force: boolean; volumes: boolean; link: boolean }): Promise<void>;
  update(ref: string, hostConfig: HostConfig): Promise<{ Warnings: string[] }>;
  /** Validates and registers the wait before it resolves; `result` comes later. The API sends its headers in between. */
  wait(
    ref: string,
    opts: { condition: WaitCondition; signal?: AbortSignal },
  ): Promise<{ result: Promise<ContainerWaitResponse> }>;
  list(opts: ListOptions): Promise<ContainerSummary[]>;
  inspect(ref: string, opts: { size: boolean }): Promise<ContainerInspect>;
  /** Lines are whole log records, with the timestamp and details prefixes already in place. */
  logs(ref: string, opts: LogOptions): Promise<{ tty: boolean; chunks: AsyncIterable<LogChunk[]> }>;
  /** Resolves when the attach has ended: the process, the client or the detach keys. */
  attach(ref: string, opts: AttachOptions, open: OpenStreams): Promise<void>;
  resize(ref: string, size: { height: number; width: number }): Promise<void>;
  top(ref: string, psArgs: string): Promise<ContainerTopResponse>;
  stats(
    ref: string,
    opts: { stream: boolean; oneShot: boolean; signal?: AbortSignal },
  ): Promise<AsyncIterable<ContainerStats>>;
  changes(ref: string): Promise<FilesystemChange[]>;
  export(ref: string, open: OpenDownload): Promise<void>;
  /** @returns the image id */
  commit(ref: string, opts: CommitRequest): Promise<string>;
  statPath(ref: string, path: string): Promise<PathStat>;
  getArchive(ref: string, path: string, open: OpenArchive): Promise<void>;
  putArchive(ref: string, upload: ArchiveUpload): Promise<void>;
  prune(filters: Record<string, string[]>): Promise<{ deleted: string[]; reclaimedBytes: number }>;
  execCreate(ref: string, config: ExecConfig): Promise<string>;
  /** `open` undefined = detached. */
  execStart(
    id: string,
    opts: { tty: boolean; consoleSize?: { height: number; width: number }; detachKeys?: string },
    open: OpenStreams | undefined,
  ): Promise<void>;
  execInspect(id: string): Promise<ExecInspect>;
  execResize(id: string, size: { height: number; width: number }): Promise<void>;
  /** Numbers for info. */
  counts(): { total: number; running: number; paused: number; stopped: number };
  /** Loads the records, takes over what runs, restarts what its policy says. */
  restore(): Promise<void>;
  /** Lets containers run on; flushes records. */
  close(): Promise<void>;
}
