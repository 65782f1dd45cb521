/** COPY and ADD: where it goes, who owns it, and the tars that are unpacked there. */
import { createReadStream } from 'node:fs';
import { posix } from 'node:path';
import { DockerError } from '@tsdocker/shared/errors.ts';
import { TAR_END, type TarEntry, tarHeader, tarPadding } from '@tsdocker/shared/tar-header.ts';
import { plainStream } from '../content/decompress.ts';
import { invalid } from '../dockerfile/errors.ts';
import { unpackTree } from '../snapshots/apply.ts';
import { isDirectory, lookUpTarget } from '../snapshots/pack.ts';
import type { TreeView } from '../snapshots/tree-helper.ts';
import type { CopyEntry, CopySource } from './copy-source.ts';
import type { PermissionChange } from './permissions.ts';

export interface Owner {
  uid: number;
  gid: number;
}

export interface CopyPlan {
  sources: CopySource[];
  /** Host paths of archives that ADD unpacks, in place of copying them. */
  archives: { path: string }[];
  /** Absolute; ends with a slash when it has to be a directory. */
  dest: string;
  owner: Owner | undefined;
  permissions: PermissionChange | undefined;
}

/** @throws InvalidParameter, System */
export async function copyInto(view: TreeView, plan: CopyPlan): Promise<void> {
  const { sources, archives, dest } = plan;
  const many = sources.length + archives.length > 1;
  const place = await placeOf(view, dest);
  const toDirectory =
    dest.endsWith('/') || many || archives.length > 0 || place.exists?.isDirectory || sources[0]?.isDirectory || false;
  if (many && !dest.endsWith('/') && !place.exists?.isDirectory)
    throw invalid(
      'When using COPY with more than one source file, the destination must be a directory and end with a /',
    );
  if (toDirectory && place.exists && !place.exists.isDirectory)
    throw new DockerError('System', `cannot copy to non-directory: ${dest}`);
  // Into the directory that is there; what is missing on the way is made.
  const parts = toDirectory ? place.missing : place.missing.slice(0, -1);
  const target = [place.base, ...parts].filter((part) => part !== '').join('/');
  if (parts.length > 0) await unpack(view, place.base, [...directories(parts, plan.owner), TAR_END]);
  const fileName = toDirectory ? undefined : (place.missing.at(-1) ?? posix.basename(dest));
  const into = !toDirectory && place.exists ? posix.dirname(`/${place.base}`).slice(1) : target;
  for (const source of sources) await copyOne(view, into, source, fileName, plan);
  for (const { path } of archives) await unpack(view, into, plainStream(createReadStream(path)), plan.owner);
}

async function copyOne(
  view: TreeView,
  into: string,
  source: CopySource,
  fileName: string | undefined,
  plan: CopyPlan,
): Promise<void> {
  const name = source.isDirectory ? '' : (fileName ?? source.base);
  const ready = plan.permissions === undefined ? source.packed?.(name) : undefined;
  await unpack(view, into, ready ?? tarOf(source, name, plan.permissions), plan.owner);
}

async function* tarOf(
  source: CopySource,
  name: string,
  permissions: PermissionChange | undefined,
): AsyncGenerator<Buffer> {
  for await (const entry of source.entries()) {
    const { content, ...header } = entry as CopyEntry;
    const own = { ...header, name: header.name || name };
    const isChanged = permissions && header.type !== 'symlink';
    yield tarHeader(isChanged ? { ...own, mode: permissions(own.mode, own.type === 'directory') } : own);
    if (!content) continue;
    let sent = 0;
    for await (const chunk of content) {
      sent += chunk.length;
      yield chunk;
    }
    if (sent !== header.size) throw new DockerError('System', `${own.name}: changed while it was read`);
    yield tarPadding(header.size);
  }
  yield TAR_END;
}

function directories(names: readonly string[], owner: Owner | undefined): Buffer[] {
  return names.map((_, i) => {
    const entry: TarEntry = {
      name: names.slice(0, i + 1).join('/'),
      type: 'directory',
      mode: 0o755,
      uid: owner?.uid ?? 0,
      gid: owner?.gid ?? 0,
      size: 0,
      mtimeNanos: BigInt(Date.now()) * 1_000_000n,
    };
    return tarHeader(entry);
  });
}

/** Makes directories, for WORKDIR. @returns false when they were there */
export async function makeDirectory(view: TreeView, path: string, owner?: Owner): Promise<boolean> {
  const place = await placeOf(view, path);
  if (place.exists && !place.exists.isDirectory)
    throw new DockerError('System', `cannot make directory ${path}: there is something else`);
  if (place.missing.length === 0) return false;
  await unpack(view, place.base, [...directories(place.missing, owner), TAR_END]);
  return true;
}

interface Place {
  /** The deepest part that is there, links resolved; without a leading slash. */
  base: string;
  /** Names below it that are missing. */
  missing: string[];
  /** The whole path is there. */
  exists?: { isDirectory: boolean };
}

/** @param path absolute */
async function placeOf(view: TreeView, path: string): Promise<Place> {
  const names = path.split('/').filter((name) => name !== '');
  for (let count = names.length; ; count--) {
    const entry = await lookUpTarget(view, `/${names.slice(0, count).join('/')}`);
    if (!entry) {
      if (count === 0) return { base: '', missing: names };
      continue;
    }
    const isEnterable = isDirectory(entry);
    const missing = names.slice(count);
    if (missing.length > 0 && !isEnterable)
      throw new DockerError('System', `cannot copy to ${path}: ${entry.resolved} is no directory`);
    return {
      base: entry.resolved.slice(1),
      missing,
      ...(missing.length === 0 && { exists: { isDirectory: isEnterable } }),
    };
  }
}

function unpack(
  view: TreeView,
  into: string,
  tar: AsyncIterable<Buffer> | Iterable<Buffer>,
  owner?: Owner,
): Promise<void> {
  return unpackTree(view, tar, { into, keepKinds: true, ...(owner && { owner }) });
}
