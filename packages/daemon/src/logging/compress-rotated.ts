/**
 * Compresses what rotation has left of a log. The shim rotates, and does so without this daemon too: what was rotated
 * meanwhile is compressed when the daemon is back. A file is replaced while a lock on its directory keeps the shim from
 * giving it another number, and a compressed copy is complete and on the disk before the original goes.
 */
import { closeSync, openSync, renameSync, statSync, unlinkSync } from 'node:fs';
import { type FileHandle, open, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { namesIn } from '../store/names-in.ts';
import { compressFile, TEMPORARY } from './compressed-file.ts';
import { GZIP, rotatedNames } from './rotated-files.ts';

/** flock(2) of a descriptor, until that is closed; false: it is held by somebody else. */
export type TryLock = (fd: number) => boolean;

const LOCK_RETRY_MILLIS = 10;
const LOCK_RETRIES = 500;

/**
 * All rotated files, the oldest first. One run at a time for a log.
 * @param path of the current file
 * @throws Error of the file system; what was compressed before stays
 */
export async function compressRotated(path: string, tryLock: TryLock, signal?: AbortSignal): Promise<void> {
  await removeTemporaries(path);
  const names = (await rotatedNames(path)).filter(({ compressed }) => !compressed).toReversed();
  for (const { name } of names) {
    // While there is no current file, its writer may still hold a rotated one.
    if (signal?.aborted || !(await exists(path))) return;
    const handle = await open(join(dirname(path), name), 'r').catch(missing);
    if (!handle) continue;
    try {
      await compressOne(path, handle, tryLock, signal);
    } finally {
      await handle.close();
    }
  }
}

async function compressOne(path: string, source: FileHandle, tryLock: TryLock, signal?: AbortSignal): Promise<void> {
  const stats = await source.stat({ bigint: true });
  if (stats.size === 0n) return;
  const temporary = `${path}.${stats.ino}${TEMPORARY}`;
  try {
    const target = await open(temporary, 'wx', 0o640);
    try {
      await compressFile(source, target, signal);
    } finally {
      await target.close();
    }
    await replace(path, stats.ino, temporary, tryLock);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** By its number: while it is open, nobody else has that. Nothing when it is gone: rotation has dropped it. */
async function replace(path: string, inode: bigint, compressed: string, tryLock: TryLock): Promise<void> {
  for (let tries = 0; tries < LOCK_RETRIES; tries++) {
    // Found before the lock and looked at again under it: what is done under it does not wait.
    const names = await rotatedNames(path);
    const directory = openSync(dirname(path), 'r');
    try {
      if (tryLock(directory)) {
        const candidates = names.filter((file) => !file.compressed).map(({ name }) => join(dirname(path), name));
        const original = candidates.find(
          (name) => statSync(name, { bigint: true, throwIfNoEntry: false })?.ino === inode,
        );
        if (original === undefined && tries === 0) continue;
        if (original === undefined) return;
        renameSync(compressed, `${original}${GZIP}`);
        unlinkSync(original);
        return;
      }
    } finally {
      closeSync(directory);
    }
    await sleep(LOCK_RETRY_MILLIS);
  }
}

async function removeTemporaries(path: string): Promise<void> {
  const base = `${basename(path)}.`;
  const names = await namesIn(dirname(path));
  const left = names.filter((name) => name.startsWith(base) && name.endsWith(TEMPORARY));
  await Promise.all(left.map((name) => rm(join(dirname(path), name), { force: true })));
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(missing)) !== undefined;
}

function missing(err: NodeJS.ErrnoException): undefined {
  if (err.code !== 'ENOENT') throw err;
}
