/**
 * Containers on disk: `<data-root>/containers/<id>/{config,hostconfig}.json`, the log and the /etc files beside them.
 *
 * - A container is made in `.new-<id>` and renamed: it exists whole or not at all.
 * - It is removed by renaming to `.gone-<id>` (`.gone-<id>.volumes` when its anonymous volumes go too) and then deleted.
 * - A record is replaced by rename. Writes of one container are ordered; what changed meanwhile goes in one further write.
 *
 * Nothing is fsynced: the daemon's death loses nothing that was written, and after a crash of the machine no container runs;
 * a record torn by one is reported and set aside, never read as something else. What a record says about a running process
 * is a hint: the shim knows, and restore() asks it.
 */
import { mkdir, readdir, readFile, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Container } from './container.ts';
import type { ContainerRecord, StoredContainer } from './record.types.ts';
import { parseNanos } from './time.ts';

const VOLUMES = 'volumes.json';

export interface Leftover {
  id: string;
  directory: string;
  /** Undefined when creation never got as far. */
  record?: ContainerRecord;
  /** Anonymous volumes that were to be made for it, when there is no record that names them. */
  volumes: string[];
  removeVolumes: boolean;
}

interface Pending {
  /** Resolves when what was in memory at the time of the call is on disk. */
  next: Promise<void> | undefined;
  current: Promise<void>;
}

export class ContainerStore {
  readonly #root: string;
  readonly #pending = new Map<string, Pending>();
  readonly #deletions = new Set<Promise<void>>();

  constructor(dataRoot: string) {
    this.#root = join(dataRoot, 'containers');
  }

  directory(id: string): string {
    return join(this.#root, id);
  }
  logPath(id: string): string {
    return join(this.#root, id, `${id}-json.log`);
  }

  async prepare(): Promise<void> {
    await mkdir(this.#root, { recursive: true, mode: 0o710 });
  }

  /** First sign of a container: from now on leftovers() finds it if the daemon dies. */
  async begin(id: string): Promise<void> {
    await mkdir(this.#fresh(id), { mode: 0o710 });
  }

  /** Volumes that are about to be made for this container alone: without a record, nobody else would know. */
  async noteVolumes(id: string, names: readonly string[]): Promise<void> {
    await writeFile(join(this.#fresh(id), VOLUMES), JSON.stringify(names), { mode: 0o600 });
  }

  /** Makes it exist. */
  async commit(stored: StoredContainer): Promise<void> {
    const { id } = stored.record;
    const directory = this.#fresh(id);
    await Promise.all([
      writeFile(join(directory, 'config.json'), JSON.stringify(stored.record), { mode: 0o600 }),
      writeFile(join(directory, 'hostconfig.json'), JSON.stringify(stored.hostConfig), { mode: 0o600 }),
    ]);
    await rm(join(directory, VOLUMES), { force: true });
    await rename(directory, this.directory(id));
  }

  async abandon(id: string): Promise<void> {
    await rm(this.#fresh(id), { recursive: true, force: true });
  }

  /** Writes the record as it is when the write begins; calls while one is waiting share it. */
  save(container: Container): Promise<void> {
    const { id } = container;
    const pending = this.#pending.get(id);
    if (!pending) {
      const current = this.#write(container);
      const entry: Pending = { current, next: undefined };
      this.#pending.set(id, entry);
      this.#settle(id, entry, current);
      return current;
    }
    pending.next ??= pending.current
      .catch(() => {})
      .then(() => {
        pending.next = undefined;
        pending.current = this.#write(container);
        this.#settle(id, pending, pending.current);
        return pending.current;
      });
    return pending.next;
  }

  #settle(id: string, entry: Pending, write: Promise<void>): void {
    const done = () => {
      if (entry.current === write && !entry.next && this.#pending.get(id) === entry) this.#pending.delete(id);
    };
    write.then(done, done);
  }

  async #write(container: Container): Promise<void> {
    if (container.removed) return;
    await replace(join(this.directory(container.id), 'config.json'), JSON.stringify(container.record));
  }

  async saveHostConfig(container: Container): Promise<void> {
    await replace(join(this.directory(container.id), 'hostconfig.json'), JSON.stringify(container.hostConfig));
  }

  /** The container does not exist any more once this resolves. @returns the directory, for `discard` */
  async retire(id: string, removeVolumes: boolean): Promise<string> {
    await this.#flush(id);
    const gone = join(this.#root, `.gone-${id}${removeVolumes ? '.volumes' : ''}`);
    await rename(this.directory(id), gone);
    return gone;
  }

  /** Puts a container back whose removal failed. */
  async unretire(id: string, directory: string): Promise<void> {
    await rename(directory, this.directory(id));
  }

  /** Deletes in the background; what is left of it when the daemon dies is found by load(). */
  discard(directory: string): void {
    const deletion = rm(directory, { recursive: true, force: true }).catch(() => {});
    this.#deletions.add(deletion);
    deletion.then(() => this.#deletions.delete(deletion));
  }

  async #flush(id: string): Promise<void> {
    const pending = this.#pending.get(id);
    if (!pending) return;
    await (pending.next ?? pending.current).catch(() => {});
    await this.#flush(id);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#deletions, ...[...this.#pending.keys()].map((id) => this.#flush(id))]);
  }

  /** Everything on disk. @param onBroken told of each record that cannot be read; its directory stays as it is */
  async load(
    onBroken: (id: string, cause: unknown) => void,
  ): Promise<{ stored: StoredContainer[]; leftovers: Leftover[] }> {
    const names = await readdir(this.#root);
    const stored: StoredContainer[] = [];
    const leftovers: Leftover[] = [];
    await Promise.all(
      names.map(async (name) => {
        if (/^[0-9a-f]{64}$/.test(name)) {
          try {
            stored.push(await this.#read(name));
          } catch (cause) {
            onBroken(name, cause);
          }
          return;
        }
        const match = /^\.(new|gone)-([0-9a-f]{64})(\.volumes)?$/.exec(name);
        if (match) leftovers.push(await this.#leftover(name, match));
      }),
    );
    const age = ({ record }: StoredContainer) => parseNanos(record.created);
    stored.sort((a, b) => (age(a) < age(b) ? -1 : 1));
    return { stored, leftovers };
  }

  async #read(id: string): Promise<StoredContainer> {
    const directory = this.directory(id);
    const [record, hostConfig] = await Promise.all([
      readFile(join(directory, 'config.json'), 'utf8'),
      readFile(join(directory, 'hostconfig.json'), 'utf8'),
    ]);
    const parsed = JSON.parse(record) as ContainerRecord;
    if (parsed.version !== 1 || parsed.id !== id) throw new Error(`config.json is not of container ${id}`);
    return { record: parsed, hostConfig: JSON.parse(hostConfig) };
  }

  async #leftover(name: string, match: RegExpExecArray): Promise<Leftover> {
    const directory = join(this.#root, name);
    let record: ContainerRecord | undefined;
    try {
      record = JSON.parse(await readFile(join(directory, 'config.json'), 'utf8'));
    } catch {
      // Never written, or torn: then there is nothing in it to give back but the directories of that id.
    }
    const volumes = record ? [] : await readNames(join(directory, VOLUMES));
    return { id: match[2]!, directory, record, volumes, removeVolumes: match[1] === 'new' || match[3] !== undefined };
  }

  #fresh(id: string): string {
    return join(this.#root, `.new-${id}`);
  }
}

/** Missing or torn: no volume has been made yet. */
async function readNames(path: string): Promise<string[]> {
  try {
    const names: unknown = JSON.parse(await readFile(path, 'utf8'));
    return Array.isArray(names) ? names.filter((name) => typeof name === 'string') : [];
  } catch {
    return [];
  }
}

async function replace(path: string, text: string): Promise<void> {
  const temporary = `${path}.tmp`;
  try {
    await writeFile(temporary, text, { mode: 0o600 });
    await rename(temporary, path);
  } catch (err) {
    await unlink(temporary).catch(() => {});
    throw err;
  }
}
