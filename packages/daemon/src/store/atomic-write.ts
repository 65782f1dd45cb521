/** Whole-file writes that a crash leaves either old or new, never half. */
import { randomBytes } from 'node:crypto';
import { open, readdir, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

export interface WriteOptions {
  /** Default 0600. */
  mode?: number;
  /** Wait until the bytes are on the disk. Default true; false keeps only the atomicity. */
  durable?: boolean;
}

const TEMPORARY = /^\..+\.[0-9a-f]{12}\.tmp$/;

/** Writes beside `path` and renames over it. The directory must exist. */
export async function writeFileAtomic(
  path: string,
  data: string | Uint8Array,
  options: WriteOptions = {},
): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
  const durable = options.durable ?? true;
  try {
    const file = await open(temporary, 'wx', options.mode ?? 0o600);
    try {
      await file.writeFile(data);
      if (durable) await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (err) {
    await unlink(temporary).catch(() => undefined);
    throw err;
  }
  if (durable) await syncDirectory(dirname(path));
}

/** Makes renames and removals in a directory survive a power cut. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** Removes what writes that were killed have left in a directory. Only before anybody writes there. */
export async function removeLeftovers(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (TEMPORARY.test(name)) await unlink(join(directory, name));
  }
}
