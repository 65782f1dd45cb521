/**
 * Manifest lists that are being put together: `manifests/<list>/<image>` below the configuration folder, one JSON file an
 * image, in docker's names and form. The list's members stand in the order of their file names.
 */
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Reference, referenceString } from '@tsdocker/shared/reference.ts';
import { replaceFile } from '../config/replace-file.ts';
import { StatusError } from '../status-error.ts';
import type { ImageManifest } from './image-manifest.ts';

export class ManifestStore {
  readonly #root: string;

  /** @param configDirectory the folder of config.json */
  constructor(configDirectory: string) {
    this.#root = join(configDirectory, 'manifests');
  }

  #folder(list: Reference): string {
    return join(this.#root, fileName(list));
  }

  /** @returns undefined when there is none @throws StatusError for a damaged file */
  async get(list: Reference, image: Reference): Promise<ImageManifest | undefined> {
    return await readManifest(join(this.#folder(list), fileName(image)));
  }

  /** Empty when there is no such list. @throws StatusError for a damaged file */
  async list(list: Reference): Promise<ImageManifest[]> {
    const folder = this.#folder(list);
    const names = await readdir(folder).catch((err: NodeJS.ErrnoException) => {
      if (err.code === 'ENOENT') return [];
      throw err;
    });
    const found = await Promise.all(names.sort().map((name) => readManifest(join(folder, name))));
    return found.filter((manifest) => manifest !== undefined);
  }

  async save(list: Reference, image: Reference, manifest: ImageManifest): Promise<void> {
    await mkdir(this.#folder(list), { recursive: true, mode: 0o755 });
    await replaceFile(join(this.#folder(list), fileName(image)), JSON.stringify(manifest), 0o644);
  }

  async remove(list: Reference): Promise<void> {
    await rm(this.#folder(list), { recursive: true, force: true });
  }
}

/** No reference can lead out of the folder: slashes go, and a name never is only dots. */
function fileName(ref: Reference): string {
  return referenceString(ref).replaceAll(':', '-').replaceAll('/', '_');
}

async function readManifest(path: string): Promise<ImageManifest | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (err) {
    if ((err as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw err;
  }
  try {
    const manifest = JSON.parse(text) as Partial<ImageManifest> | null;
    if (typeof manifest?.Ref !== 'string' || typeof manifest.Raw !== 'string' || !manifest.Descriptor?.digest)
      throw new Error('it has no Ref, Raw or Descriptor');
    return manifest as ImageManifest;
  } catch (err) {
    throw new StatusError(1, `invalid manifest in ${path}: ${(err as Error).message}`);
  }
}

export const noSuchManifest = (ref: Reference): StatusError =>
  new StatusError(1, `No such manifest: ${referenceString(ref)}`);
