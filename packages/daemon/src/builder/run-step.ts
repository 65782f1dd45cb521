/** RUN: a container of our own runtime on top of the layers so far. */
import { createHash, randomUUID } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  renameSync,
  rmdirSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, posix } from 'node:path';
import { Writable } from 'node:stream';
import { DockerError } from '@tsdocker/shared/errors.ts';
import type { HostConfig, Mount } from '@tsdocker/shared/types/container.ts';
import type { ContainerService } from '../containers/service.types.ts';
import { invalid } from '../dockerfile/errors.ts';
import type { RunMount } from '../dockerfile/instructions/run-mount.ts';
import { lookUp } from '../snapshots/pack.ts';
import type { TreeView } from '../snapshots/tree-helper.ts';
import type { ContextFiles } from './context.ts';

/** Containers that a crash left behind are known by it. */
export const STEP_LABEL = 'tsdocker.build.step';

export interface RunRequest {
  /** To start from. */
  image: string;
  argv: string[];
  env: string[];
  workingDir: string;
  user: string;
  /** Undefined: the container's id. */
  hostname: string | undefined;
  hostConfig: HostConfig;
  mounts: Mount[];
  /** The command as the error names it. */
  command: string;
  onContainer(id: string): void;
  onOutput(stream: 'stdout' | 'stderr', text: string): void;
  /** Resolves when whoever is told takes more. */
  room(): Promise<void>;
  signal: AbortSignal;
}

/**
 * Runs it to its end. The container is there until `use` has seen it.
 * @throws System `process "..." did not complete successfully: exit code: N`
 */
export async function runStep<T>(
  containers: ContainerService,
  request: RunRequest,
  use: (containerId: string) => Promise<T>,
): Promise<T> {
  const { Id: id } = await containers.create({
    ownBinds: true,
    request: {
      Image: request.image,
      Entrypoint: [],
      Cmd: request.argv,
      Env: request.env,
      WorkingDir: request.workingDir,
      User: request.user,
      ...(request.hostname !== undefined && { Hostname: request.hostname }),
      Labels: { [STEP_LABEL]: '' },
      Healthcheck: { Test: ['NONE'] },
      HostConfig: { ...request.hostConfig, LogConfig: { Type: 'none', Config: {} }, Mounts: request.mounts },
    },
  });
  const onAbort = (): void => void containers.kill(id, { signal: 'KILL' }).catch(() => {});
  request.signal.addEventListener('abort', onAbort);
  try {
    request.onContainer(id);
    request.signal.throwIfAborted();
    const code = await run(containers, id, request);
    request.signal.throwIfAborted();
    if (code !== 0) {
      const command = JSON.stringify(request.command);
      throw new DockerError('System', `process ${command} did not complete successfully: exit code: ${code}`);
    }
    return await use(id);
  } finally {
    request.signal.removeEventListener('abort', onAbort);
    await containers.remove(id, { force: true, volumes: true, link: false });
  }
}

async function run(containers: ContainerService, id: string, request: RunRequest): Promise<number> {
  let opened: () => void = () => {};
  const isOpen = new Promise<void>((resolve) => {
    opened = resolve;
  });
  const attached = containers.attach(
    id,
    { stdin: false, stdout: true, stderr: true, stream: true, logs: false },
    async () => {
      opened();
      return { stdout: sink(request, 'stdout'), stderr: sink(request, 'stderr') };
    },
  );
  await Promise.race([isOpen, attached]);
  try {
    const { result } = await containers.wait(id, { condition: 'next-exit', signal: request.signal });
    // Settled by whoever is first; a failed start leaves it behind.
    result.catch(() => {});
    await containers.start(id);
    const [{ StatusCode }] = await Promise.all([result, attached]);
    return StatusCode;
  } catch (err) {
    attached.catch(() => {});
    throw err;
  }
}

function sink(request: RunRequest, stream: 'stdout' | 'stderr'): Writable {
  const decoder = new TextDecoder();
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      request.onOutput(stream, decoder.decode(chunk, { stream: true }));
      request.room().then(() => done(), done);
    },
  });
}

/** Where mounts of RUN get what they show. */
export interface MountSources {
  files: ContextFiles;
  /** Directory of cache mounts. */
  caches: string;
  /** Directory for this build's secrets, in memory where the host has such a place. */
  secretDirectory: string;
  secrets: ReadonlyMap<string, Buffer>;
  /** A copy of a file or directory for one step alone: of the context, or of a stage or image. @returns its host path */
  copyOf(from: string | undefined, path: string): Promise<string>;
  /** Stands for the content of a stage or image. */
  keyOf(from: string): Promise<string>;
  /** In front of the ids of cache mounts. */
  cacheNamespace: string;
}

/** Where BuildKit puts the script of a here-document, too. */
export const SCRIPTS = '/dev/pipes';

/** A here-document that names its interpreter: a file that can be run, alone in a directory. */
export function scriptMount(directory: string, name: string, content: string): Mount {
  writeFileSync(join(directory, name), content, { mode: 0o755 });
  for (const path of [directory, join(directory, name)]) chmodSync(path, 0o755);
  return { Type: 'bind', Source: directory, Target: SCRIPTS, ReadOnly: true };
}

export interface PreparedMounts {
  mounts: Mount[];
  env: string[];
  /** Ids of cache mounts that only one step may have at a time. */
  locks: string[];
}

/** @throws InvalidParameter for what is missing or not there yet */
export async function prepareMounts(
  wanted: readonly RunMount[],
  expand: (text: string) => string,
  workingDir: string,
  from: MountSources,
): Promise<PreparedMounts> {
  const out: PreparedMounts = { mounts: [], env: [], locks: [] };
  for (const mount of wanted) {
    const target = mount.target === undefined ? undefined : posix.resolve(workingDir, expand(mount.target));
    if (mount.type === 'tmpfs') out.mounts.push(tmpfs(required(target, mount), mount));
    else if (mount.type === 'bind') out.mounts.push(await bind(required(target, mount), mount, expand, from));
    else if (mount.type === 'cache')
      out.mounts.push(await cache(required(target, mount), mount, expand, from, out.locks));
    else if (mount.type === 'secret') addSecret(out, target, mount, from);
    else throw new DockerError('NotImplemented', 'RUN --mount=type=ssh is not there yet: give the key as a secret');
  }
  return out;
}

function required(target: string | undefined, mount: RunMount): string {
  if (target === undefined || target === '/') throw invalid(`invalid mount target for type=${mount.type}`);
  return target;
}

function tmpfs(target: string, mount: RunMount): Mount {
  return {
    Type: 'tmpfs',
    Target: target,
    ...(mount.sizeBytes && { TmpfsOptions: { SizeBytes: mount.sizeBytes } }),
  };
}

/** What is written to one is lost with the step: it gets a copy then; also where something in it does not count. */
async function bind(
  target: string,
  mount: RunMount,
  expand: (text: string) => string,
  from: MountSources,
): Promise<Mount> {
  const source = expand(mount.source ?? '');
  const isCopied = mount.from !== undefined || !mount.readonly || from.files.hides(from.files.at(source).real);
  const Source = isCopied ? await from.copyOf(mount.from, source) : from.files.hostPath(from.files.at(source).real);
  return { Type: 'bind', Source, Target: target, ReadOnly: mount.readonly };
}

async function cache(
  target: string,
  mount: RunMount,
  expand: (text: string) => string,
  from: MountSources,
  locks: string[],
): Promise<Mount> {
  const given = mount.id === undefined ? target : expand(mount.id);
  const name = from.cacheNamespace === '' ? given : `${from.cacheNamespace}/${given}`;
  // One that begins as a copy is another one than its namesake without.
  const start = mount.from === undefined ? undefined : [await from.keyOf(mount.from), expand(mount.source ?? '')];
  const id = createHash('sha256')
    .update(start ? JSON.stringify([name, ...start]) : name)
    .digest('hex');
  const directory = join(from.caches, id);
  if (start && !existsSync(directory)) fill(directory, await from.copyOf(mount.from, start[1] as string));
  mkdirSync(directory, { recursive: true });
  chmodSync(directory, mount.mode ?? 0o755);
  chownSync(directory, mount.uid ?? 0, mount.gid ?? 0);
  // A private one is the same directory, for one at a time: its content is worth more than running at once.
  if (mount.sharing !== 'shared') locks.push(id);
  return { Type: 'bind', Source: directory, Target: target, ReadOnly: mount.readonly };
}

/** @param copy on the same file system */
function fill(directory: string, copy: string): void {
  if (!lstatSync(copy).isDirectory()) throw invalid('cache mount: its source is no directory');
  try {
    renameSync(copy, directory);
  } catch (err) {
    // Another step was first: what it keeps there stays.
    if (!['EEXIST', 'ENOTEMPTY'].includes((err as NodeJS.ErrnoException).code ?? '')) throw err;
  }
}

function addSecret(out: PreparedMounts, target: string | undefined, mount: RunMount, from: MountSources): void {
  const id = mount.id ?? (target === undefined ? undefined : posix.basename(target));
  if (id === undefined) throw invalid('secret mount needs an id or a target');
  const value = from.secrets.get(id);
  if (value === undefined) {
    if (mount.required) throw invalid(`secret ${id}: not found`);
    return;
  }
  if (mount.env !== undefined) out.env.push(`${mount.env}=${value}`);
  if (mount.env !== undefined && mount.target === undefined) return;
  // A file for each mount: another step may want other permissions at the same time.
  const path = join(from.secretDirectory, randomUUID());
  mkdirSync(from.secretDirectory, { recursive: true, mode: 0o700 });
  writeFileSync(path, value, { mode: 0o600 });
  chmodSync(path, mount.mode ?? 0o400);
  chownSync(path, mount.uid ?? 0, mount.gid ?? 0);
  out.mounts.push({ Type: 'bind', Source: path, Target: target ?? `/run/secrets/${id}`, ReadOnly: true });
}

/** Names on the way to each mount that the image does not have: mounting makes them, and no layer shall keep them. */
export async function missingOnTheWay(view: TreeView, targets: readonly string[]): Promise<string[]> {
  const missing: string[] = [];
  for (const target of targets) {
    const names = target.split('/').filter(Boolean);
    for (let count = names.length; count > 0; count--) {
      const path = `/${names.slice(0, count).join('/')}`;
      if (await lookUp(view, path)) break;
      missing.push(path);
    }
  }
  return missing;
}

/** Removes them from what the step changed, where nothing was put into them. No link is followed. */
export function removeMountPoints(upper: string, paths: readonly string[]): void {
  for (const path of paths) {
    const names = path.split('/').filter(Boolean);
    const parents = names.slice(0, -1).map((_, i) => join(upper, ...names.slice(0, i + 1)));
    if (!parents.every((parent) => lstatSync(parent, { throwIfNoEntry: false })?.isDirectory())) continue;
    const place = join(upper, ...names);
    const st = lstatSync(place, { throwIfNoEntry: false });
    if (st?.isFile() && st.size === 0) unlinkSync(place);
    else if (st?.isDirectory()) removeEmpty(place);
  }
}

function removeEmpty(directory: string): void {
  try {
    rmdirSync(directory);
  } catch (err) {
    // The program has put something there.
    if ((err as NodeJS.ErrnoException).code !== 'ENOTEMPTY') throw err;
  }
}
