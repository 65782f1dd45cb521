/** Records as JSON files, one a record: `<root>/<id>/<file>` (a directory of its own) or `<root>/<id>.json`. */
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { removeLeftovers, type WriteOptions, writeFileAtomic } from './atomic-write.ts';

export interface JsonRecordsOptions extends WriteOptions {
  root: string;
  /** File name in the record's own directory; undefined: the record is `<root>/<id>.json`. */
  file?: string;
}

/** Ids become file names. */
const SAFE_ID = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;

export class JsonRecords<T> {
  readonly #options: JsonRecordsOptions;
  /** The last write of each record: writes of one record never overtake each other. */
  readonly #writes = new Map<string, Promise<void>>();

  constructor(options: JsonRecordsOptions) {
    this.#options = options;
  }

  /** Where the record is kept. @throws Error for an id that is no file name */
  path(id: string): string {
    if (!SAFE_ID.test(id)) throw new Error(`invalid record id ${JSON.stringify(id)}`);
    const { root, file } = this.#options;
    return file === undefined ? join(root, `${id}.json`) : join(root, id, file);
  }

  /** Written when it resolves. The value is taken as it is now. */
  async save(id: string, value: T): Promise<void> {
    const path = this.path(id);
    const text = JSON.stringify(value);
    const before = this.#writes.get(id) ?? Promise.resolve();
    const write = before
      .catch(() => undefined)
      .then(async () => {
        await mkdir(dirname(path), { recursive: true, mode: 0o710 });
        await writeFileAtomic(path, text, this.#options);
      });
    this.#writes.set(id, write);
    try {
      await write;
    } finally {
      if (this.#writes.get(id) === write) this.#writes.delete(id);
    }
  }

  /** Waits for a write under way, then removes the file (not the record's directory). Idempotent. */
  async remove(id: string): Promise<void> {
    await this.#writes.get(id)?.catch(() => undefined);
    await rm(this.path(id), { force: true });
  }

  /**
   * All records. One that cannot be read is reported and left alone: losing one must not lose the others. A directory
   * without the file is no record: its owner was killed while making or removing it.
   * @param onBroken gets the id and the reason
   */
  async loadAll(onBroken: (id: string, err: unknown) => void): Promise<Map<string, T>> {
    const records = new Map<string, T>();
    await mkdir(this.#options.root, { recursive: true, mode: 0o710 });
    if (this.#options.file === undefined) await removeLeftovers(this.#options.root);
    for (const id of await this.#ids()) {
      try {
        if (this.#options.file !== undefined) await removeLeftovers(dirname(this.path(id)));
        records.set(id, JSON.parse(await readFile(this.path(id), 'utf8')) as T);
      } catch (err) {
        if ((err as NodeJS.ErrnoException).code !== 'ENOENT') onBroken(id, err);
      }
    }
    return records;
  }

  async #ids(): Promise<string[]> {
    const entries = await readdir(this.#options.root, { withFileTypes: true });
    if (this.#options.file !== undefined) return entries.filter((e) => e.isDirectory()).map((e) => e.name);
    return entries.filter((e) => e.isFile() && e.name.endsWith('.json')).map((e) => e.name.slice(0, -'.json'.length));
  }
}
