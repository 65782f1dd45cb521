/**
 * A data root that dockerd made is left alone: its layers and containers are not in our records, and what no record names
 * is removed at start.
 */
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { namesIn } from './store/names-in.ts';

/** Storage drivers of dockerd that keep their trees in a directory of their name; overlay2 is ours, too. */
const OTHER_DRIVERS = ['aufs', 'btrfs', 'devicemapper', 'fuse-overlayfs', 'overlay', 'vfs', 'windowsfilter', 'zfs'];
/** Below `image/<driver>`: what dockerd knows of images and layers. */
const IMAGE_RECORDS = ['imagedb', 'layerdb'];

/** @throws Error that names what was found; nothing is changed */
export async function refuseForeignDataRoot(dataRoot: string): Promise<void> {
  const found = await foreignPart(dataRoot);
  if (found === undefined) return;
  throw new Error(
    `data root ${dataRoot} belongs to dockerd: it has ${found}; choose another --data-root, nothing here was changed`,
  );
}

async function foreignPart(dataRoot: string): Promise<string | undefined> {
  const there = new Set(await namesIn(dataRoot));
  for (const name of OTHER_DRIVERS) if (there.has(name) && (await below(join(dataRoot, name))).length > 0) return name;
  for (const driver of await below(join(dataRoot, 'image')))
    for (const name of await below(join(dataRoot, 'image', driver)))
      if (IMAGE_RECORDS.includes(name)) return `image/${driver}/${name}`;
  // All at once: ours may be many, and a start waits for it.
  const records = (await below(join(dataRoot, 'containers'))).map((id) => `containers/${id}/config.v2.json`);
  const areThere = await Promise.all(records.map((record) => isThere(join(dataRoot, record))));
  const record = records.find((_, i) => areThere[i]);
  if (record !== undefined) return record;
  // The store of newer versions, which has images without any of the above.
  if ((await below(join(dataRoot, 'containerd'))).includes('daemon')) return 'containerd/daemon';
  return undefined;
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (err) {
    if (['ENOENT', 'ENOTDIR'].includes((err as NodeJS.ErrnoException).code ?? '')) return false;
    throw err;
  }
}

/** A file among them has none. */
async function below(path: string): Promise<string[]> {
  try {
    return await namesIn(path);
  } catch (err) {
    if ((err as NodeJS.ErrnoException).code === 'ENOTDIR') return [];
    throw err;
  }
}
