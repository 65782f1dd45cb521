/** ContainerArchiveInfo, ContainerArchive and PutContainerArchive: a container's files for `docker cp`. */
import { posix } from 'node:path';
import { DockerError } from '@tsdocker/shared/errors.ts';
import { plainStream } from '../content/decompress.ts';
import { unpackTree } from '../snapshots/apply.ts';
import { isDirectory, lookUp, packTree, type TreeEntry } from '../snapshots/pack.ts';
import type { TreeView } from '../snapshots/tree-helper.ts';
import type { Container } from './container.ts';
import type { Domain } from './deps.types.ts';
import { invalid } from './errors.ts';
import { publish } from './events.ts';
import type { ArchiveUpload, OpenArchive, PathStat } from './service.types.ts';
import { type TreeDeps, withTree } from './tree.ts';

type ArchiveDeps = TreeDeps & Pick<Domain, 'events' | 'userOf'>;

/** @throws NotFound nothing there; Conflict while it is being removed */
export async function statPath(deps: ArchiveDeps, c: Container, ref: string, path: string): Promise<PathStat> {
  return await withTree(deps, c, 'whole', async (view) => pathStat(await found(view, ref, path), path));
}

/** The file or directory as a tar of one top entry. A path that ends with `/.` names its entries from `.` on. */
export async function getArchive(
  deps: ArchiveDeps,
  c: Container,
  ref: string,
  path: string,
  open: OpenArchive,
): Promise<void> {
  await withTree(deps, c, 'whole', async (view) => {
    const entry = await found(view, ref, path);
    let write: Awaited<ReturnType<OpenArchive>> | undefined;
    for await (const chunk of packTree(view, { path: entry.resolved.slice(1), name: nameOf(path) })) {
      write ??= await open(pathStat(entry, path));
      if (!(await write(chunk))) return;
    }
  });
  publish(deps.events, c, 'archive-path');
}

/** Unpacks a tar, compressed or not, into an existing directory. @throws InvalidParameter, Forbidden, NotFound */
export async function putArchive(deps: ArchiveDeps, c: Container, ref: string, upload: ArchiveUpload): Promise<void> {
  const { path } = upload;
  await withTree(deps, c, 'whole', async (view) => {
    const entry = await found(view, ref, path);
    const target = entry.target === undefined ? entry : await found(view, ref, entry.target);
    if (!isDirectory(target)) throw invalid('extraction point is not a directory');
    checkWritable(c, target.resolved);
    const owner = upload.copyUidGid ? await ownerIn(deps, c) : undefined;
    await unpackTree(view, plainStream(upload.content), {
      into: target.resolved.slice(1),
      keepKinds: upload.noOverwriteDirNonDir,
      ...(owner && { owner }),
    });
  });
  publish(deps.events, c, 'extract-to-dir');
}

/** The container's user, as its own account files have it; undefined where it names none. */
async function ownerIn(deps: ArchiveDeps, c: Container): Promise<{ uid: number; gid: number } | undefined> {
  const user = c.record.config.User;
  if (!user) return undefined;
  const { lowers, upper } = await deps.images.rootfsOf(c.id);
  return deps.userOf([upper, ...lowers], user);
}

async function found(view: TreeView, ref: string, path: string): Promise<TreeEntry> {
  const entry = path === '' ? undefined : await lookUp(view, path);
  // `dir/.` and `file/`: only a directory, or a link to one, can be meant.
  const entered = entry && /\/\.?$/.test(path) && entry.target !== undefined ? await lookUp(view, entry.target) : entry;
  if (!entered || (/\/\.?$/.test(path) && !isDirectory(entered)))
    throw new DockerError('NotFound', `Could not find the file ${path} in container ${ref}`);
  return entered;
}

/** A read-only root may have writable volumes in it, and the other way round. */
function checkWritable(c: Container, path: string): void {
  const under = c.record.mounts
    .filter((m) => path === m.Destination || path.startsWith(`${m.Destination}/`))
    .sort((a, b) => b.Destination.length - a.Destination.length)[0];
  if (under && !under.RW) throw new DockerError('Forbidden', 'mounted volume is marked read-only');
  if (!under && c.hostConfig.ReadonlyRootfs) throw new DockerError('Forbidden', 'container rootfs is marked read-only');
}

/** Kinds of files: mode_t to os.FileMode. */
const GO_KINDS: ReadonlyMap<number, number> = new Map([
  [0o040000, 2 ** 31],
  [0o120000, 2 ** 27],
  [0o060000, 2 ** 26],
  [0o020000, 2 ** 26 + 2 ** 21],
  [0o010000, 2 ** 25],
  [0o140000, 2 ** 24],
]);

/** Go's os.FileMode: permission bits as they are, everything else at places of its own. */
function goFileMode(mode: number): number {
  const special = (mode & 0o4000 ? 2 ** 23 : 0) + (mode & 0o2000 ? 2 ** 22 : 0) + (mode & 0o1000 ? 2 ** 20 : 0);
  return (GO_KINDS.get(mode & 0o170000) ?? 0) + special + (mode & 0o777);
}

/** As it was asked for: a link's own name, `.` for `dir/.`, `/` for the root. */
function nameOf(path: string): string {
  if (posix.basename(path) === '.') return '.';
  return posix.basename(posix.resolve('/', path)) || '/';
}

function pathStat(entry: TreeEntry, path: string): PathStat {
  const at = new Date(entry.mtimeSeconds * 1000).toISOString().slice(0, 19);
  const fraction = String(entry.mtimeNanos).padStart(9, '0').replace(/0+$/, '');
  return {
    name: nameOf(path),
    size: entry.sizeBytes,
    mode: goFileMode(entry.mode),
    mtime: `${at}${fraction ? `.${fraction}` : ''}Z`,
    linkTarget: entry.target ?? '',
  };
}
