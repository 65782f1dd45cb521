/** Requests about containers and execs. Each function is one Engine API operation. */
import type { Readable } from 'node:stream';
import { encodeFilters, type Filters } from '@tsdocker/shared/filters.ts';
import type {
  ContainerCreateRequest,
  ContainerCreateResponse,
  ContainerInspect,
  ContainerStats,
  ContainerSummary,
  ContainerTopResponse,
  ContainerWaitResponse,
  FilesystemChange,
  Resources,
  RestartPolicy,
} from '@tsdocker/shared/types/container.ts';
import type { ExecConfig, ExecInspect, ExecStartConfig } from '@tsdocker/shared/types/exec.ts';
import type { EngineClient, HijackedStream } from './client.ts';
import { jsonObjects } from './json-stream.ts';

/** Filters as the API takes them: key to values. */
export type FilterMap = Readonly<Record<string, readonly string[]>>;

const at = (container: string, verb: string): string => `/containers/${encodeURIComponent(container)}/${verb}`;

/** `{"key":{"value":true}}`, the shape docker's client sends; left out when empty. */
export function filterQuery(filters: FilterMap | undefined): string | undefined {
  return encodeFilters((filters ?? {}) as Filters) || undefined;
}

export interface ContainerListOptions {
  all?: boolean;
  limit?: number;
  size?: boolean;
  filters?: FilterMap;
}

/** ContainerList */
export async function containerList(client: EngineClient, options: ContainerListOptions): Promise<ContainerSummary[]> {
  const query = { all: options.all, limit: options.limit, size: options.size, filters: filterQuery(options.filters) };
  return (await client.request('GET', '/containers/json', { query })).json();
}

/** ContainerCreate. @param options.platform `os[/arch[/variant]]` */
export async function containerCreate(
  client: EngineClient,
  body: ContainerCreateRequest,
  options: { name?: string; platform?: string } = {},
): Promise<ContainerCreateResponse> {
  return (await client.request('POST', '/containers/create', { query: { ...options }, body })).json();
}

/** ContainerInspect */
export async function containerInspect(
  client: EngineClient,
  container: string,
  options: { size?: boolean } = {},
): Promise<ContainerInspect> {
  return (await client.request('GET', at(container, 'json'), { query: { size: options.size } })).json();
}

/** ContainerStart; a running container is left as it is (304). */
export async function containerStart(
  client: EngineClient,
  container: string,
  options: { checkpoint?: string; checkpointDir?: string } = {},
): Promise<void> {
  const query = { checkpoint: options.checkpoint, 'checkpoint-dir': options.checkpointDir };
  await (await client.request('POST', at(container, 'start'), { query })).discard();
}

/** Unset members are the container's own. */
export interface StopOptions {
  signal?: string;
  /** Seconds until the kill; negative = never. */
  timeoutSeconds?: number;
}

/** ContainerStop; a stopped container is left as it is (304). */
export async function containerStop(client: EngineClient, container: string, options: StopOptions = {}): Promise<void> {
  const query = { signal: options.signal, t: options.timeoutSeconds };
  await (await client.request('POST', at(container, 'stop'), { query })).discard();
}

/** ContainerRestart */
export async function containerRestart(client: EngineClient, container: string, options: StopOptions): Promise<void> {
  const query = { signal: options.signal, t: options.timeoutSeconds };
  await (await client.request('POST', at(container, 'restart'), { query })).discard();
}

/** ContainerKill. @param signal undefined: KILL */
export async function containerKill(client: EngineClient, container: string, signal?: string): Promise<void> {
  await (await client.request('POST', at(container, 'kill'), { query: { signal } })).discard();
}

/** ContainerDelete */
export async function containerRemove(
  client: EngineClient,
  container: string,
  options: { force?: boolean; volumes?: boolean; link?: boolean } = {},
): Promise<void> {
  const query = { force: options.force, v: options.volumes, link: options.link };
  await (await client.request('DELETE', `/containers/${encodeURIComponent(container)}`, { query })).discard();
}

export type WaitCondition = 'not-running' | 'next-exit' | 'removed';

/**
 * ContainerWait. The daemon registers the wait when it sends its headers, so the outer promise is "registered" and
 * `exit` is the end: await this before the start, then `exit` after it.
 */
export async function containerWait(
  client: EngineClient,
  container: string,
  condition: WaitCondition,
  options: { signal?: AbortSignal } = {},
): Promise<{ exit: Promise<ContainerWaitResponse> }> {
  const response = await client.request('POST', at(container, 'wait'), { query: { condition }, ...options });
  const exit = response.json<ContainerWaitResponse>();
  exit.catch(() => {}); // told to whoever awaits it; nobody may have got that far
  return { exit };
}

export interface AttachOptions {
  stream?: boolean;
  stdin?: boolean;
  stdout?: boolean;
  stderr?: boolean;
  logs?: boolean;
  detachKeys?: string;
}

/** ContainerAttach, hijacked */
export function containerAttach(
  client: EngineClient,
  container: string,
  options: AttachOptions,
  signal?: AbortSignal,
): Promise<HijackedStream> {
  return client.hijack(at(container, 'attach'), { query: { ...options }, ...(signal ? { signal } : {}) });
}

/** ContainerResize */
export async function containerResize(
  client: EngineClient,
  container: string,
  size: { height: number; width: number },
): Promise<void> {
  const query = { h: size.height, w: size.width };
  await (await client.request('POST', at(container, 'resize'), { query })).discard();
}

export interface LogsOptions {
  stdout?: boolean;
  stderr?: boolean;
  follow?: boolean;
  timestamps?: boolean;
  details?: boolean;
  /** Seconds since the epoch, `sec.nanos`. */
  since?: string;
  until?: string;
  tail?: string;
}

/** ContainerLogs: raw for a container with a terminal, framed otherwise. */
export async function containerLogs(
  client: EngineClient,
  container: string,
  options: LogsOptions,
  signal?: AbortSignal,
): Promise<Readable> {
  const request = { query: { ...options }, ...(signal ? { signal } : {}) };
  return (await client.open('GET', at(container, 'logs'), request)).stream();
}

/** ContainerRename */
export async function containerRename(client: EngineClient, container: string, name: string): Promise<void> {
  await (await client.request('POST', at(container, 'rename'), { query: { name } })).discard();
}

/** ContainerPause */
export async function containerPause(client: EngineClient, container: string): Promise<void> {
  await (await client.request('POST', at(container, 'pause'))).discard();
}

/** ContainerUnpause */
export async function containerUnpause(client: EngineClient, container: string): Promise<void> {
  await (await client.request('POST', at(container, 'unpause'))).discard();
}

/** ContainerTop. @param psArguments joined with blanks */
export async function containerTop(
  client: EngineClient,
  container: string,
  psArguments: readonly string[],
): Promise<ContainerTopResponse> {
  const query = { ps_args: psArguments.join(' ') };
  return (await client.request('GET', at(container, 'top'), { query })).json();
}

/** ContainerStats, endless unless `stream` is false (then one object, of two samples unless `oneShot`). */
export async function containerStats(
  client: EngineClient,
  container: string,
  options: { stream: boolean; oneShot?: boolean; signal?: AbortSignal },
): Promise<AsyncGenerator<ContainerStats>> {
  const query = { stream: options.stream ? '1' : '0', 'one-shot': options.oneShot };
  const signal = options.signal ? { signal: options.signal } : {};
  const response = await client.open('GET', at(container, 'stats'), { query, ...signal });
  return jsonObjects<ContainerStats>(response.stream());
}

/** ContainerUpdate */
export async function containerUpdate(
  client: EngineClient,
  container: string,
  body: Resources & { RestartPolicy?: RestartPolicy },
): Promise<{ Warnings: string[] | null }> {
  return (await client.request('POST', at(container, 'update'), { body })).json();
}

/** ContainerPrune */
export async function containersPrune(
  client: EngineClient,
  filters: FilterMap,
): Promise<{ ContainersDeleted: string[] | null; SpaceReclaimed: number }> {
  const query = { filters: filterQuery(filters) };
  return (await client.request('POST', '/containers/prune', { query })).json();
}

/** ContainerExec */
export async function execCreate(client: EngineClient, container: string, body: ExecConfig): Promise<{ Id: string }> {
  return (await client.request('POST', at(container, 'exec'), { body })).json();
}

/** ExecStart, hijacked */
export function execAttach(client: EngineClient, exec: string, body: ExecStartConfig): Promise<HijackedStream> {
  return client.hijack(`/exec/${encodeURIComponent(exec)}/start`, { body });
}

/** ExecStart, detached: the answer comes when it runs. */
export async function execStart(client: EngineClient, exec: string, body: ExecStartConfig): Promise<void> {
  await (await client.request('POST', `/exec/${encodeURIComponent(exec)}/start`, { body })).discard();
}

/** ExecInspect */
export async function execInspect(client: EngineClient, exec: string): Promise<ExecInspect> {
  return (await client.request('GET', `/exec/${encodeURIComponent(exec)}/json`)).json();
}

/** ExecResize */
export async function execResize(
  client: EngineClient,
  exec: string,
  size: { height: number; width: number },
): Promise<void> {
  const query = { h: size.height, w: size.width };
  await (await client.request('POST', `/exec/${encodeURIComponent(exec)}/resize`, { query })).discard();
}

/** ContainerChanges */
export async function containerChanges(client: EngineClient, container: string): Promise<FilesystemChange[]> {
  return (await (await client.request('GET', at(container, 'changes'))).json<FilesystemChange[] | null>()) ?? [];
}

/** ContainerExport: a tar of the root file system. */
export async function containerExport(client: EngineClient, container: string): Promise<Readable> {
  return (await client.open('GET', at(container, 'export'))).stream();
}

export interface CommitOptions {
  repo?: string;
  tag?: string;
  author?: string;
  comment?: string;
  /** Dockerfile instructions. */
  changes?: string[];
  pause: boolean;
}

/** ImageCommit. @returns the image id */
export async function containerCommit(
  client: EngineClient,
  container: string,
  { pause, ...options }: CommitOptions,
): Promise<string> {
  const query = { container, ...options, ...(pause ? {} : { pause: '0' }) };
  return (await (await client.request('POST', '/commit', { query })).json<{ Id: string }>()).Id;
}

/** What the daemon says of a path in a container. `mode` is Go's os.FileMode. */
export interface PathStat {
  name: string;
  size: number;
  mode: number;
  mtime: string;
  linkTarget: string;
}

function pathStatOf(header: string | string[] | undefined): PathStat {
  return JSON.parse(Buffer.from(String(header ?? ''), 'base64').toString('utf8')) as PathStat;
}

/** ContainerArchiveInfo @throws NotFound */
export async function containerStatPath(client: EngineClient, container: string, path: string): Promise<PathStat> {
  const response = await client.request('HEAD', at(container, 'archive'), { query: { path } });
  await response.discard();
  return pathStatOf(response.headers['x-docker-container-path-stat']);
}

/** ContainerArchive: a tar of the file or directory. */
export async function containerArchive(
  client: EngineClient,
  container: string,
  path: string,
): Promise<{ stat: PathStat; stream: Readable }> {
  const response = await client.open('GET', at(container, 'archive'), { query: { path } });
  return { stat: pathStatOf(response.headers['x-docker-container-path-stat']), stream: response.stream() };
}

/** PutContainerArchive: unpacks a tar, a stream or chunks made as they are sent, into an existing directory. */
export async function containerPutArchive(
  client: EngineClient,
  container: string,
  path: string,
  archive: Readable | Iterable<Buffer>,
  options: { noOverwriteDirNonDir: boolean; copyUidGid: boolean },
): Promise<void> {
  const query = {
    path,
    noOverwriteDirNonDir: String(options.noOverwriteDirNonDir),
    ...(options.copyUidGid && { copyUIDGID: 'true' }),
  };
  await (await client.request('PUT', at(container, 'archive'), { query, body: archive })).discard();
}
