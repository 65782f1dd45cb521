/**
 * The init layer: mount points and empty files that a container's root file system has beforehand, whatever the image
 * holds. It is one more lower directory, made once an image, so no container pays for it.
 */

import type { Stats } from 'node:fs';
import { chmod, lchown, lstat, lutimes, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { native } from '../runtime/native/bindings.ts';

type Kind = 'directory' | 'file' | { link: string };

const ENTRIES: readonly (readonly [string, Kind])[] = [
  ['dev/pts', 'directory'],
  ['dev/shm', 'directory'],
  ['proc', 'directory'],
  ['sys', 'directory'],
  ['.dockerenv', 'file'],
  ['etc/resolv.conf', 'file'],
  ['etc/hosts', 'file'],
  ['etc/hostname', 'file'],
  ['dev/console', 'file'],
  ['etc/mtab', { link: '/proc/mounts' }],
];

/** Paths of the init layer, relative to the root; they are no changes of a container (diff, commit). */
export const INIT_PATHS: readonly string[] = ENTRIES.map(([path]) => path);

const isWhiteout = (st: Stats) => st.isCharacterDevice() && st.rdev === 0;

async function lstatOrUndefined(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (err) {
    const { code } = err as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw err;
  }
}

/**
 * What `path` shows when `lowers` (top first) are mounted as one overlay. Symlinks are not followed: the answer is for
 * the path's own components.
 */
export async function mergedStat(lowers: readonly string[], path: string): Promise<Stats | undefined> {
  const parts = path.split('/');
  let visible = [...lowers];
  for (const [i, part] of parts.entries()) {
    const prefix = parts.slice(0, i).join('/');
    const next: string[] = [];
    let found: Stats | undefined;
    for (const lower of visible) {
      const here = join(lower, prefix, part);
      const st = await lstatOrUndefined(here);
      if (!st) continue;
      if (isWhiteout(st)) break;
      if (!st.isDirectory()) {
        found ??= st;
        break;
      }
      found ??= st;
      next.push(lower);
      if ((await native.getXattr(here, 'trusted.overlay.opaque'))?.toString() === 'y') break;
    }
    if (!found) return undefined;
    if (i === parts.length - 1) return found;
    if (!found.isDirectory()) return undefined;
    visible = next;
  }
  return undefined;
}

/** Gives `path` the owner, mode and time of `st`. */
async function copyAttributes(path: string, st: Stats): Promise<void> {
  await lchown(path, st.uid, st.gid);
  await chmod(path, st.mode & 0o7777);
  await lutimes(path, st.atime, st.mtime);
}

/**
 * Fills `target`, an empty directory. Where the image has a directory, the init layer's hides its attributes, so it
 * takes them over; anything else in the way is replaced, as Docker does.
 * @param root the attributes of the root directory
 */
export async function makeInitLayer(target: string, lowers: readonly string[], root: Stats | undefined): Promise<void> {
  const inherited: [string, Stats][] = [];
  const made = new Set<string>();
  const ensureDirectory = async (path: string) => {
    if (made.has(path)) return;
    made.add(path);
    const below = await mergedStat(lowers, path);
    await mkdir(join(target, path));
    await chmod(join(target, path), 0o755);
    if (below?.isDirectory()) inherited.push([path, below]);
  };
  for (const [path, kind] of ENTRIES) {
    // A directory where a file is wanted stays; mounting over it then fails, as it should.
    if ((await mergedStat(lowers, path))?.isDirectory()) continue;
    const slash = path.indexOf('/');
    if (slash > 0) await ensureDirectory(path.slice(0, slash));
    if (kind === 'directory') await ensureDirectory(path);
    else if (kind === 'file') {
      await writeFile(join(target, path), '', { mode: 0o755, flag: 'wx' });
      await chmod(join(target, path), 0o755);
    } else await symlink(kind.link, join(target, path));
  }
  // Last, because making children changes a directory's time.
  for (const [path, st] of inherited.reverse()) await copyAttributes(join(target, path), st);
  if (root) await copyAttributes(target, root);
}
