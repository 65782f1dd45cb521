/**
 * The records of networks: one JSON file each, `<data-root>/network/<id>.json`, written to a temporary file and renamed,
 * so that a record is always whole. Endpoints and addresses are not kept: they are rebuilt from the running containers.
 */
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { NetworkLog } from './log.ts';

export type DriverName = 'bridge' | 'host' | 'null';

export interface NetworkRecord {
  /** 64 hex digits. */
  id: string;
  name: string;
  /** RFC 3339. */
  created: string;
  driver: DriverName;
  internal: boolean;
  attachable: boolean;
  /** Made by the daemon: cannot be created or removed by users. */
  predefined: boolean;
  options: Record<string, string>;
  labels: Record<string, string>;
  /** Undefined for host and none. */
  ipam?: NetworkIpam;
}

/** In text, as the API shows it. */
export interface NetworkIpam {
  options: Record<string, string> | undefined;
  subnet: string;
  gateway: string;
  ipRange?: string;
  auxiliaryAddresses?: Record<string, string>;
  /** The user named the subnet, so fixed addresses are allowed. */
  configured: boolean;
}

const RECORD_NAME = /^([0-9a-f]{64})\.json$/;

export class NetworkStore {
  readonly #directory: string;
  readonly #log: NetworkLog;

  constructor(directory: string, log: NetworkLog) {
    this.#directory = directory;
    this.#log = log;
  }

  /** All records. Left-over temporary files go; a file that is no record is reported and left alone. */
  async load(): Promise<NetworkRecord[]> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const records: NetworkRecord[] = [];
    for (const name of await readdir(this.#directory)) {
      const path = join(this.#directory, name);
      if (name.endsWith('.tmp')) await rm(path, { force: true });
      const id = RECORD_NAME.exec(name)?.[1];
      if (!id) continue;
      const record = parseRecord(await readFile(path, 'utf8'), id);
      if (record) records.push(record);
      else this.#log('error', 'network record is damaged and ignored', { path });
    }
    return records;
  }

  async save(record: NetworkRecord): Promise<void> {
    const path = join(this.#directory, `${record.id}.json`);
    const file = await open(`${path}.tmp`, 'w', 0o600);
    try {
      await file.writeFile(`${JSON.stringify(record, undefined, 2)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${path}.tmp`, path);
  }

  async remove(id: string): Promise<void> {
    await rm(join(this.#directory, `${id}.json`), { force: true });
  }
}

function parseRecord(text: string, id: string): NetworkRecord | undefined {
  try {
    const record = JSON.parse(text) as NetworkRecord;
    return record.id === id && typeof record.name === 'string' && typeof record.options === 'object'
      ? record
      : undefined;
  } catch {
    return undefined; // not JSON: the caller reports it
  }
}
