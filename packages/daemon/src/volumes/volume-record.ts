/** One volume as it is kept on disk: <root>/<name>/opts.json beside its _data. */
import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

export interface VolumeRecord {
  name: string;
  /** RFC 3339. */
  createdAt: string;
  labels: Record<string, string>;
  options: Record<string, string>;
}

const RECORD_FILE = 'opts.json';
const DATA_DIRECTORY = '_data';

export const dataPath = (root: string, name: string) => join(root, name, DATA_DIRECTORY);

/**
 * Makes the volume under a passing name and renames it: it exists whole or not at all. A directory that is there already
 * without a record keeps its data and becomes the volume.
 */
export async function writeVolume(root: string, record: VolumeRecord): Promise<void> {
  const passing = passingPath(root);
  const directory = join(root, record.name);
  try {
    await mkdir(passing, { mode: 0o755 });
    await mkdir(join(passing, DATA_DIRECTORY), { mode: 0o755 });
    await writeRecord(passing, record);
    await rename(passing, directory).catch(async (err: NodeJS.ErrnoException) => {
      if (err.code !== 'ENOTEMPTY' && err.code !== 'EEXIST') throw err;
      await mkdir(join(directory, DATA_DIRECTORY), { recursive: true, mode: 0o755 });
      await rename(join(passing, RECORD_FILE), join(directory, RECORD_FILE));
      await rm(passing, { recursive: true });
    });
  } catch (err) {
    await rm(passing, { recursive: true, force: true });
    throw err;
  }
}

async function writeRecord(directory: string, record: VolumeRecord): Promise<void> {
  const file = await open(join(directory, RECORD_FILE), 'wx', 0o600);
  try {
    await file.writeFile(JSON.stringify(record));
    await file.sync();
  } finally {
    await file.close();
  }
}

/** @returns undefined for a directory without a record: not one of ours */
export async function readVolume(root: string, name: string): Promise<VolumeRecord | undefined> {
  const text = await readFile(join(root, name, RECORD_FILE), 'utf8').catch((err: NodeJS.ErrnoException) => {
    if (err.code === 'ENOENT' || err.code === 'ENOTDIR') return undefined;
    throw err;
  });
  if (text === undefined) return undefined;
  const { createdAt, labels, options } = JSON.parse(text) as Partial<VolumeRecord>;
  return { name, createdAt: createdAt ?? '', labels: labels ?? {}, options: options ?? {} };
}

/** Takes the volume away by a rename, so that half a deletion never looks like a volume; then deletes it. */
export async function removeVolume(root: string, name: string): Promise<void> {
  const doomed = passingPath(root);
  await rename(join(root, name), doomed);
  await rm(doomed, { recursive: true, force: true });
}

/**
 * What a daemon leaves under such a name when it dies is half made or half removed. No volume name starts with a dot; the
 * name is not part of it, for it may be as long as a file name can be.
 */
export const PASSING = /^\.(passing|removed)-/;
const passingPath = (root: string) => join(root, `.passing-${randomBytes(16).toString('hex')}`);
