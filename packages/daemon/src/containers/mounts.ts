/** From what was asked (MountSpec) to what is recorded (MountRecord) at create, and to what is mounted (ResolvedMount) at start. */
import { randomBytes } from 'node:crypto';
import { chown, mkdir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type { ContainerConfig, HostConfig, MountPoint } from '@tsdocker/shared/types/container.ts';
import type { ResolvedMount, Rootfs } from '../runtime/runtime.ts';
import type { Container } from './container.ts';
import type { Domain } from './deps.types.ts';
import { asDockerError, invalid, system } from './errors.ts';
import { cleanDirectory } from './merge-image.ts';
import { checkVolumeName, type MountSpec, parseBind, parseMount, parseTmpfs } from './mount-spec.ts';
import type { MountRecord } from './record.types.ts';

/** Inherited mounts and own ones, checked against each other. Volumes are not made yet. */
export interface MountPlan {
  specs: MountSpec[];
  inherited: MountRecord[];
  tmpfs: MountSpec[];
}

/** @throws InvalidParameter */
export async function planMounts(
  deps: Pick<Domain, 'index'>,
  h: HostConfig,
  config: ContainerConfig,
): Promise<MountPlan> {
  const inherited = inheritedMounts(deps, h.VolumesFrom ?? []);
  const binds = (h.Binds ?? []).map(parseBind);
  const mounts = await Promise.all((h.Mounts ?? []).map(parseMount));
  const tmpfs = Object.entries(h.Tmpfs ?? {}).map(([path, options]) => parseTmpfs(path, options));
  const taken = new Set<string>();
  for (const { destination } of [...binds, ...mounts, ...tmpfs]) {
    if (taken.has(destination)) throw invalid(`duplicate mount point: ${destination}`);
    taken.add(destination);
  }
  const specs = [...binds, ...mounts];
  for (const spec of specs) {
    if (spec.type !== 'volume') continue;
    if (spec.source !== '') checkVolumeName(spec.source);
    spec.driver = { options: spec.driver?.options, name: spec.driver?.name || h.VolumeDriver || 'local' };
  }
  const rest = inherited.filter((m) => !taken.has(m.Destination));
  for (const m of rest) taken.add(m.Destination);
  for (const path of Object.keys(config.Volumes ?? {})) {
    const destination = cleanDirectory(path);
    if (destination === '/' || taken.has(destination)) continue;
    taken.add(destination);
    specs.push({ ...parseBind(destination), mode: '', driver: { name: h.VolumeDriver || 'local' } });
  }
  return { specs, inherited: rest, tmpfs };
}

/** `ref[:mode]` of --volumes-from; a later one wins over an earlier one. */
function inheritedMounts(deps: Pick<Domain, 'index'>, from: readonly string[]): MountRecord[] {
  const byDestination = new Map<string, MountRecord>();
  for (const entry of from) {
    const [ref = '', mode] = entry.split(':', 2);
    if (ref === '') throw invalid('malformed volumes-from specification: ');
    if (mode !== undefined && !/^(ro|rw|z|Z)(,(ro|rw|z|Z))*$/.test(mode)) throw invalid(`invalid mode: ${mode}`);
    const source = deps.index.find(ref);
    if (!source) throw invalid(`No such container: ${ref}`);
    for (const m of source.record.mounts) {
      if (m.hidden) continue;
      const readOnly = !m.RW || (mode?.split(',').includes('ro') ?? false);
      byDestination.set(m.Destination, { ...m, RW: !readOnly, Mode: '' });
    }
  }
  return [...byDestination.values()];
}

/**
 * Makes the volumes, marks them used, and fills empty ones from the image.
 * @param undo gets what has to be undone, in order, if the creation fails later
 */
export async function makeMounts(
  deps: Pick<Domain, 'volumes' | 'copyUp' | 'store'>,
  id: string,
  plan: MountPlan,
  rootfs: Promise<Rootfs>,
  undo: (() => Promise<void>)[],
): Promise<MountRecord[]> {
  const anonymous = plan.specs.filter((spec) => spec.type === 'volume' && spec.source === '');
  const names = new Map(anonymous.map((spec) => [spec, newVolumeName()]));
  if (names.size > 0) await deps.store.noteVolumes(id, [...names.values()]);
  // Settled, not all: what is still under way when one fails has to reach `undo` too.
  const made = await Promise.allSettled(
    plan.specs.map((spec) => makeMount(deps, id, spec, names.get(spec), rootfs, undo)),
  );
  const own = made.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
  for (const m of plan.inherited) {
    if (m.Type !== 'volume' || !m.Name) continue;
    const name = m.Name;
    await deps.volumes.acquire(name, id);
    undo.push(() => deps.volumes.release(name, id));
  }
  return [...plan.inherited, ...own, ...plan.tmpfs.map((spec) => ({ ...recordOf(spec), hidden: true }))];
}

/** As docker marks a volume that was made for one container. */
const ANONYMOUS_LABEL = 'com.docker.volume.anonymous';

function newVolumeName(): string {
  return randomBytes(32).toString('hex');
}

function recordOf(spec: MountSpec): MountRecord {
  return {
    Type: spec.type,
    Source: spec.type === 'bind' ? spec.source : '',
    Destination: spec.destination,
    Mode: spec.mode,
    RW: !spec.readOnly,
    Propagation: spec.propagation,
    createSource: spec.createSource,
    nonRecursive: spec.nonRecursive,
    subpath: spec.subpath,
    options: spec.options,
  };
}

async function makeMount(
  deps: Pick<Domain, 'volumes' | 'copyUp'>,
  id: string,
  spec: MountSpec,
  anonymousName: string | undefined,
  rootfs: Promise<Rootfs>,
  undo: (() => Promise<void>)[],
): Promise<MountRecord> {
  const record = recordOf(spec);
  if (spec.type !== 'volume') return record;
  const anonymous = anonymousName !== undefined;
  const volume = await deps.volumes.create({
    Name: anonymousName ?? spec.source,
    Driver: spec.driver?.name ?? 'local',
    DriverOpts: spec.driver?.options,
    Labels: anonymous ? { ...spec.labels, [ANONYMOUS_LABEL]: '' } : spec.labels,
  });
  if (anonymous) undo.push(() => deps.volumes.remove(volume.Name, { force: true }));
  const { mountpoint, empty } = await deps.volumes.acquire(volume.Name, id);
  undo.push(() => deps.volumes.release(volume.Name, id));
  if (empty && !spec.noCopy && !spec.subpath) {
    await deps.copyUp((await rootfs).lowers, spec.destination, mountpoint);
  }
  return { ...record, Name: volume.Name, Driver: volume.Driver, Source: mountpoint, anonymous };
}

/**
 * Everything to mount, the parents first. Makes missing sources of `-v`.
 * @param owner who they are made for: root of the container's user namespace; default: the host's
 */
export async function resolveMounts(c: Container, etc: ResolvedMount[], owner?: Owner): Promise<ResolvedMount[]> {
  const own = await Promise.all(c.record.mounts.map((m) => resolveMount(m, owner)));
  const taken = new Set(own.map((m) => m.destination));
  const depth = (path: string) => path.split('/').length;
  return [...etc.filter((m) => !taken.has(m.destination)), ...own].sort(
    (a, b) => depth(a.destination) - depth(b.destination),
  );
}

type Owner = { uid: number; gid: number } | undefined;

async function resolveMount(m: MountRecord, owner: Owner): Promise<ResolvedMount> {
  const base = { destination: m.Destination, readOnly: !m.RW };
  if (m.Type === 'tmpfs') return { type: 'tmpfs', source: 'tmpfs', options: m.options ?? [], ...base };
  const source = m.subpath ? await insideVolume(m.Source, m.subpath) : m.Source;
  if (m.Type === 'bind' && m.createSource) await makeSource(source, owner);
  return {
    type: 'bind',
    source,
    propagation: m.Propagation || 'rprivate',
    nonRecursive: m.nonRecursive,
    mapped: m.Type === 'volume' || m.mapped,
    ...base,
  };
}

async function makeSource(source: string, owner: Owner): Promise<void> {
  try {
    await stat(source);
    return;
  } catch {
    // Missing, or unreadable: mkdir says which.
  }
  try {
    await makeDirectories(source, owner);
  } catch (err) {
    throw system(`error while creating mount source path '${source}': ${asDockerError(err).message}`, err);
  }
}

/**
 * mkdir -p. Not node's own recursive mkdir: that one never returns below a file system that answers ENOENT to mkdir
 * although the parent is there, as /proc does.
 */
async function makeDirectories(path: string, owner: Owner): Promise<void> {
  let at = '';
  for (const part of path.split(sep).filter((name) => name !== '')) {
    at += sep + part;
    try {
      await mkdir(at, 0o755);
    } catch (err) {
      if ((err as NodeJS.ErrnoException).code !== 'EEXIST') throw err;
      continue;
    }
    if (owner) await chown(at, owner.uid, owner.gid);
  }
}

/** A link in the volume must not lead out of it. */
async function insideVolume(root: string, subpath: string): Promise<string> {
  let found: string;
  try {
    found = await realpath(join(root, subpath));
  } catch (err) {
    throw system(`cannot access path ${join(root, subpath)}: ${asDockerError(err).message}`, err);
  }
  const top = await realpath(root);
  if (found !== top && !found.startsWith(top + sep))
    throw system(`cannot access path ${join(root, subpath)}: it leaves the volume`);
  return found;
}

/** Gives the volumes back and, when asked, removes the anonymous ones. A volume that another container still uses stays. */
export async function releaseMounts(
  deps: Pick<Domain, 'volumes' | 'log'>,
  id: string,
  mounts: readonly MountRecord[],
  removeAnonymous: boolean,
): Promise<void> {
  for (const m of mounts) {
    if (m.Type !== 'volume' || !m.Name) continue;
    try {
      await deps.volumes.release(m.Name, id);
      if (removeAnonymous && m.anonymous) await deps.volumes.remove(m.Name, { force: false });
    } catch (err) {
      const { code, message } = asDockerError(err);
      if (code !== 'Conflict' && code !== 'NotFound')
        deps.log.warn('volume not removed', { volume: m.Name, error: message });
    }
  }
}

/** Mounts as inspect and ps show them. */
export function mountPoints(c: Container): MountPoint[] {
  return c.record.mounts
    .filter((m) => !m.hidden)
    .map((m) => ({
      Type: m.Type,
      ...(m.Type === 'volume' && { Name: m.Name }),
      Source: m.Source,
      Destination: m.Destination,
      ...(m.Type === 'volume' && { Driver: m.Driver }),
      Mode: m.Mode,
      RW: m.RW,
      Propagation: m.Propagation,
    }));
}
