/**
 * Volumes of the local driver. Owns <data-root>/volumes/<name>/{_data,opts.json}; the records are also held in memory,
 * loaded by `open`. Who uses a volume is known only in memory: the container domain acquires again for each of its records
 * after a restart. Every change runs in one queue, so a removal never meets a creation or an acquire half-way.
 */
import { randomBytes } from 'node:crypto';
import { lstat, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DockerError, isNotFound } from '@tsdocker/shared/errors.ts';
import type { Volume, VolumeCreateRequest } from '@tsdocker/shared/types/volume.ts';
import { invalidVolumeName, noSuchVolume, pluginNotFound, volumeInUse, volumeNameTooShort } from './errors.ts';
import { matchesFilters, type PruneFilters, pruneFilters, volumeFilters } from './filters.ts';
import { checkLocalOptions } from './local-options.ts';
import type { VolumeService } from './service.types.ts';
import { dataPath, PASSING, readVolume, removeVolume, type VolumeRecord, writeVolume } from './volume-record.ts';

export const ANONYMOUS_LABEL = 'com.docker.volume.anonymous';
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;

/** Called after a volume was made or removed, and with no name after a prune. */
export type VolumeEventSink = (
  action: 'create' | 'destroy' | 'prune',
  name: string,
  attributes: Record<string, string>,
) => void;

const LOCAL = { driver: 'local' };

export class LocalVolumeService implements VolumeService {
  readonly #root: string;
  readonly #onEvent: VolumeEventSink;
  readonly #records = new Map<string, VolumeRecord>();
  readonly #users = new Map<string, Set<string>>();
  #queue: Promise<unknown> = Promise.resolve();

  private constructor(root: string, onEvent: VolumeEventSink) {
    this.#root = root;
    this.#onEvent = onEvent;
  }

  /** Loads the volumes below `<dataRoot>/volumes` and removes what a crash left half made or half removed. */
  static async open(options: { dataRoot: string; onEvent?: VolumeEventSink }): Promise<LocalVolumeService> {
    const service = new LocalVolumeService(join(options.dataRoot, 'volumes'), options.onEvent ?? (() => {}));
    await service.#load();
    return service;
  }

  create(req: VolumeCreateRequest): Promise<Volume> {
    return this.#exclusively(async () => {
      const driver = req.Driver || 'local';
      if (driver !== 'local') throw pluginNotFound(req.Name ?? '', driver);
      const name = req.Name || randomBytes(32).toString('hex');
      const known = this.#records.get(name);
      if (known) return this.#toVolume(known);
      if (name.length < 2) throw volumeNameTooShort(name);
      if (!NAME.test(name) || name.length > 255) throw invalidVolumeName(name);
      const options = req.DriverOpts ?? {};
      checkLocalOptions(name, options);
      const labels = { ...req.Labels, ...(req.Name ? {} : { [ANONYMOUS_LABEL]: '' }) };
      const createdAt = `${new Date().toISOString().slice(0, 19)}Z`;
      const record: VolumeRecord = { name, createdAt, labels, options };
      await writeVolume(this.#root, record);
      this.#records.set(name, record);
      this.#onEvent('create', name, LOCAL);
      return this.#toVolume(record);
    });
  }

  async list(filters: Record<string, string[]>): Promise<{ volumes: Volume[]; warnings: string[] }> {
    const wanted = volumeFilters(filters);
    const records = [...this.#records.values()].filter((r) => matchesFilters(wanted, r, this.#inUse(r.name)));
    const volumes = records.sort((a, b) => (a.name < b.name ? -1 : 1)).map((r) => this.#toVolume(r));
    return { volumes, warnings: [] };
  }

  async inspect(name: string): Promise<Volume> {
    return this.#toVolume(this.#record(name));
  }

  remove(name: string, opts: { force: boolean }): Promise<void> {
    return this.#exclusively(async () => {
      try {
        this.#record(name);
      } catch (err) {
        if (opts.force && isNotFound(err)) return;
        throw err;
      }
      const users = this.#users.get(name);
      if (users?.size) throw volumeInUse(name, [...users]);
      await this.#delete(name);
    });
  }

  prune(filters: Record<string, string[]>): Promise<{ deleted: string[]; reclaimedBytes: number }> {
    const wanted: PruneFilters = pruneFilters(filters);
    return this.#exclusively(async () => {
      const deleted: string[] = [];
      let reclaimedBytes = 0;
      for (const record of [...this.#records.values()]) {
        if (this.#inUse(record.name) || !wanted.labels(record.labels)) continue;
        if (!wanted.all && !(ANONYMOUS_LABEL in record.labels)) continue;
        reclaimedBytes += await treeBytes(dataPath(this.#root, record.name));
        await this.#delete(record.name);
        deleted.push(record.name);
      }
      this.#onEvent('prune', '', { reclaimed: String(reclaimedBytes) });
      return { deleted, reclaimedBytes };
    });
  }

  acquire(name: string, containerId: string): Promise<{ mountpoint: string; empty: boolean }> {
    return this.#exclusively(async () => {
      this.#record(name);
      const mountpoint = dataPath(this.#root, name);
      await mkdir(mountpoint, { recursive: true });
      const empty = (await readdir(mountpoint)).length === 0;
      const users = this.#users.get(name) ?? new Set();
      this.#users.set(name, users.add(containerId));
      return { mountpoint, empty };
    });
  }

  release(name: string, containerId: string): Promise<void> {
    return this.#exclusively(async () => {
      const users = this.#users.get(name);
      users?.delete(containerId);
      if (users?.size === 0) this.#users.delete(name);
    });
  }

  async #load(): Promise<void> {
    await mkdir(this.#root, { recursive: true, mode: 0o711 });
    for (const name of await readdir(this.#root)) {
      if (PASSING.test(name)) await rm(join(this.#root, name), { recursive: true, force: true });
      if (!NAME.test(name)) continue;
      const record = await readVolume(this.#root, name);
      if (record) this.#records.set(name, record);
    }
  }

  async #delete(name: string): Promise<void> {
    await removeVolume(this.#root, name).catch((err: NodeJS.ErrnoException) => {
      if (err.code !== 'ENOENT') throw new DockerError('System', `remove ${name}: ${err.message}`, { cause: err });
    });
    this.#records.delete(name);
    this.#onEvent('destroy', name, LOCAL);
  }

  #record(name: string): VolumeRecord {
    const record = this.#records.get(name);
    if (!record) throw noSuchVolume(name);
    return record;
  }

  #inUse(name: string): boolean {
    return (this.#users.get(name)?.size ?? 0) > 0;
  }

  #toVolume(record: VolumeRecord): Volume {
    return {
      CreatedAt: record.createdAt,
      Driver: 'local',
      Labels: record.labels,
      Mountpoint: dataPath(this.#root, record.name),
      Name: record.name,
      Options: record.options,
      Scope: 'local',
    };
  }

  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(work, work);
    this.#queue = result.catch(() => {});
    return result;
  }
}

/** Bytes of all files below a directory; what vanishes meanwhile does not count. Never follows links. */
async function treeBytes(directory: string): Promise<number> {
  let total = 0;
  for (const entry of await readdir(directory, { withFileTypes: true }).catch(vanished([]))) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) total += await treeBytes(path);
    else total += (await lstat(path).catch(vanished({ size: 0 }))).size;
  }
  return total;
}

function vanished<T>(instead: T): (err: NodeJS.ErrnoException) => T {
  return (err) => {
    if (err.code === 'ENOENT' || err.code === 'ENOTDIR') return instead;
    throw err;
  };
}
