/**
 * Fills an empty new volume with what the image has at its mount point: content, owners, modes, times, attributes, links
 * and device nodes. The source is the merged view of overlay layers that are not mounted. Both sides may be hostile (an
 * image's links, another container that already uses the volume), so every step is taken by descriptor and no link is
 * followed.
 */
import type { Stats } from 'node:fs';
import { constants } from 'node:fs';
import {
  chmod,
  type FileHandle,
  lchown,
  link,
  lstat,
  lutimes,
  mkdir,
  open,
  readlink,
  symlink,
  unlink,
} from 'node:fs/promises';
import type { NodeBinding } from '../runtime/native/addon-types.ts';
import { splitDeviceNumber } from '../runtime/spec/devices.ts';
import { isWhiteout, O_PATH } from '../runtime/spec/layered-root.ts';
import { type MergedDirectory, openMerged } from './merged-directory.ts';

export type CopyCalls = Pick<NodeBinding, 'makeNode' | 'copyXattrs' | 'isOpaqueDirectory'>;

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;

interface Copy {
  calls: CopyCalls;
  /** Where the first name of a file with several is, by its device and inode, to link the others to. */
  links: Map<string, string>;
  /** Held open, so that the paths in `links` stay what they are. */
  held: FileHandle[];
}

/**
 * @param layers upper first; one that does not exist counts as empty
 * @param path absolute, inside the container
 * @param target an empty directory; takes owner, mode and attributes of the source directory
 * @returns false when the image has no directory there: nothing is changed
 */
export async function copyUp(
  layers: readonly string[],
  path: string,
  target: string,
  calls: CopyCalls,
): Promise<boolean> {
  const source = openMerged(layers, path, calls.isOpaqueDirectory);
  if (!source) return false;
  const copy: Copy = { calls, links: new Map(), held: [] };
  try {
    const directory = await open(target, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    copy.held.push(directory);
    await copyDirectory(copy, source, directory);
    return true;
  } finally {
    source.close();
    await Promise.all(copy.held.map((handle) => handle.close()));
  }
}

async function copyDirectory(copy: Copy, source: MergedDirectory, target: FileHandle): Promise<void> {
  for (const [name, entry] of await source.entries()) {
    const to = `/proc/self/fd/${target.fd}/${name}`;
    if (entry.stats.isDirectory()) {
      await mkdir(to, 0o700);
      const known = copy.links.size;
      const below = source.open(name);
      const handle = await open(to, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
      try {
        await copyDirectory(copy, below, handle);
      } finally {
        below.close();
        // Kept open while hard links may still point into it; else a big tree would use up the descriptors.
        if (copy.links.size > known) copy.held.push(handle);
        else await handle.close();
      }
    } else await copyEntry(copy, entry.path, entry.stats, to);
  }
  // Last: writing the entries has changed the times, and a set-group-id bit would have been inherited.
  const from = `${source.topPath}/.`;
  const stats = await lstat(from);
  copy.calls.copyXattrs(from, `/proc/self/fd/${target.fd}/.`);
  await target.chown(stats.uid, stats.gid);
  await target.chmod(stats.mode & 0o7777);
  await target.utimes(stats.atimeMs / 1000, stats.mtimeMs / 1000);
}

async function copyEntry(copy: Copy, from: string, stats: Stats, to: string): Promise<void> {
  if (isWhiteout(stats) || stats.isSocket()) return;
  const key = `${stats.dev}:${stats.ino}`;
  const first = stats.nlink > 1 ? copy.links.get(key) : undefined;
  if (first !== undefined) return link(first, to);
  if (stats.isFile()) await copyFile(copy, from, to);
  else if (stats.isSymbolicLink()) await symlink(await readlink(from), to);
  else {
    const { major, minor } = splitDeviceNumber(stats.rdev);
    copy.calls.makeNode(to, stats.mode, major, minor);
  }
  if (!stats.isFile()) {
    await lchown(to, stats.uid, stats.gid);
    if (!stats.isSymbolicLink()) await changeMode(to, stats.mode);
    copy.calls.copyXattrs(from, to);
    await lutimes(to, stats.atimeMs / 1000, stats.mtimeMs / 1000);
  }
  if (stats.nlink > 1) copy.links.set(key, to);
}

/** Undoes the umask of mknod; by descriptor, since chmod would follow a link put there meanwhile. */
async function changeMode(path: string, mode: number): Promise<void> {
  const handle = await open(path, O_PATH | O_NOFOLLOW);
  try {
    await chmod(`/proc/self/fd/${handle.fd}`, mode & 0o7777);
  } finally {
    await handle.close();
  }
}

async function copyFile(copy: Copy, from: string, to: string): Promise<void> {
  const source = await open(from, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const stats = await source.stat();
    if (!stats.isFile()) return;
    const target = await open(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    try {
      await copyContent(source, target, stats.size);
      await target.chown(stats.uid, stats.gid);
      await target.chmod(stats.mode & 0o7777); // after chown, which clears set-user-id
      copy.calls.copyXattrs(from, to); // after chown, which clears file capabilities
      await target.utimes(stats.atimeMs / 1000, stats.mtimeMs / 1000);
    } catch (err) {
      await unlink(to);
      throw err;
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

const BLOCK_BYTES = 1 << 20;

async function copyContent(source: FileHandle, target: FileHandle, size: number): Promise<void> {
  const block = Buffer.allocUnsafe(Math.max(1, Math.min(BLOCK_BYTES, size)));
  for (let offset = 0; ; ) {
    const { bytesRead } = await source.read(block, 0, block.length, offset);
    if (bytesRead === 0) return;
    for (let written = 0; written < bytesRead; ) {
      written += (await target.write(block, written, bytesRead - written, offset + written)).bytesWritten;
    }
    offset += bytesRead;
  }
}
