/** One volume as it is kept on disk: <root>/<name>/opts.json beside its _data. */
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

/** Makes the volume's directory; it exists once its record does, which is written last and renamed into place. */
export async function writeVolume(root: string, record: VolumeRecord): Promise<void> {
  const directory = join(root, record.name);
  await mkdir(dataPath(root, record.name), { recursive: true, mode: 0o755 });
  const temporary = join(directory, `.${RECORD_FILE}.tmp`);
  const file = await open(temporary, 'w', 0o600);
  try {
    await file.writeFile(JSON.stringify(record));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, join(directory, RECORD_FILE));
}

/** @returns undefined for a directory without a record: a creation that a crash cut short */
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
  const doomed = join(root, `${REMOVED_PREFIX}${name}-${process.pid}-${Date.now()}`);
  await rename(join(root, name), doomed);
  await rm(doomed, { recursive: true, force: true });
}

/** No volume name starts with a dot. */
export const REMOVED_PREFIX = '.removed-';
