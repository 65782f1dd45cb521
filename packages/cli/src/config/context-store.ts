/**
 * Contexts on disk: `contexts/meta/<digest of the name>/meta.json` and `contexts/tls/<digest>/<endpoint>/<file>` below the
 * configuration folder, in docker's form, so that both programs read and write the same ones. The context `default` is no
 * file: it is what flags and environment say.
 */
import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DockerError } from '@tsdocker/shared/errors.ts';
import {
  type ContextMetadata,
  contextFolders,
  DEFAULT_CONTEXT,
  parseContextMetadata,
  readContextMetadata,
} from './contexts.ts';

/** Endpoint to file name to content. */
export type ContextTlsFiles = Record<string, Record<string, Buffer>>;

/** A context whole, as it is made, copied, exported. */
export interface StoredContext {
  metadata: ContextMetadata;
  tls: ContextTlsFiles;
}

const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.+-]+$/;
const META_MODE = 0o644;
const META_FOLDER_MODE = 0o755;
const TLS_MODE = 0o600;
const TLS_FOLDER_MODE = 0o700;

/** @throws DockerError for a name that is none, or that means what no file says */
export function checkContextName(name: string): void {
  if (name === '') throw new DockerError('InvalidParameter', 'context name cannot be empty');
  if (name === DEFAULT_CONTEXT) throw new DockerError('InvalidParameter', '"default" is a reserved context name');
  if (!NAME.test(name)) {
    const text = `context name "${name}" is invalid, names are validated against regexp "${NAME.source}"`;
    throw new DockerError('InvalidParameter', text);
  }
}

/** All that are stored, in no order. @throws DockerError when one is damaged */
export function listContexts(configDirectory: string): ContextMetadata[] {
  const root = join(configDirectory, 'contexts/meta');
  return entriesOf(root).flatMap((id) => {
    const path = join(root, id, 'meta.json');
    const text = ifThere(() => readFileSync(path, 'utf8'));
    if (text === undefined) return [];
    try {
      return [parseContextMetadata(text)];
    } catch (cause) {
      const reason = (cause as Error).message;
      throw new DockerError('InvalidParameter', `failed to read metadata: parsing ${path}: ${reason}`, { cause });
    }
  });
}

export function hasContext(configDirectory: string, name: string): boolean {
  return entriesOf(contextFolders(configDirectory, name).meta).includes('meta.json');
}

/** @throws DockerError NotFound */
export function loadContext(configDirectory: string, name: string): StoredContext {
  return { metadata: readContextMetadata(configDirectory, name), tls: readTlsFiles(configDirectory, name) };
}

export function readTlsFiles(configDirectory: string, name: string): ContextTlsFiles {
  const folder = contextFolders(configDirectory, name).tls;
  const endpoints = entriesOf(folder).map((endpoint) => [endpoint, filesOf(join(folder, endpoint))] as const);
  return Object.fromEntries(endpoints);
}

/**
 * Makes the context, or replaces it. Its description comes after its files: a new context is there whole or not at all.
 * @throws NodeJS.ErrnoException what the file system says
 */
export function saveContext(configDirectory: string, { metadata, tls }: StoredContext): void {
  const folders = contextFolders(configDirectory, metadata.Name);
  const root = join(configDirectory, 'contexts');
  mkdirSync(folders.meta, { recursive: true, mode: META_FOLDER_MODE });
  for (const [endpoint, files] of Object.entries(tls)) {
    const folder = join(folders.tls, endpoint);
    if (Object.keys(files).length > 0) mkdirSync(folder, { recursive: true, mode: TLS_FOLDER_MODE });
    for (const [file, content] of Object.entries(files)) writeWhole(root, join(folder, file), content, TLS_MODE);
  }
  writeWhole(root, join(folders.meta, 'meta.json'), metadataText(metadata), META_MODE);
  removeOtherFiles(folders.tls, tls);
}

/** What an earlier version of the context had. */
function removeOtherFiles(folder: string, tls: ContextTlsFiles): void {
  for (const endpoint of entriesOf(folder)) {
    const kept = Object.keys(tls[endpoint] ?? {});
    for (const file of entriesOf(join(folder, endpoint))) {
      if (!kept.includes(file)) rmSync(join(folder, endpoint, file), { recursive: true, force: true });
    }
    if (kept.length === 0) rmSync(join(folder, endpoint), { recursive: true, force: true });
  }
}

/** One that is not there is no failure. */
export function removeContext(configDirectory: string, name: string): void {
  const folders = contextFolders(configDirectory, name);
  rmSync(folders.meta, { recursive: true, force: true });
  rmSync(folders.tls, { recursive: true, force: true });
}

/** The file's text: docker's order of members, nothing that is not known. */
export function metadataText({ Name, Metadata, Endpoints }: ContextMetadata): string {
  return JSON.stringify({
    Name,
    ...(Metadata && { Metadata: sorted(Metadata) }),
    ...(Endpoints && { Endpoints: sorted(Endpoints) }),
  });
}

function sorted(object: object): object {
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function filesOf(folder: string): Record<string, Buffer> {
  return Object.fromEntries(entriesOf(folder).map((name) => [name, readFileSync(join(folder, name))]));
}

/** Sorted; none when there is no such folder. */
function entriesOf(folder: string): string[] {
  return (ifThere(() => readdirSync(folder)) ?? []).sort();
}

function ifThere<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (err) {
    if (['ENOENT', 'ENOTDIR'].includes((err as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw err;
  }
}

/** @param folder for the half-written file: where nobody lists it */
function writeWhole(folder: string, path: string, content: string | Buffer, mode: number): void {
  const partial = join(folder, `.${randomUUID()}`);
  try {
    writeFileSync(partial, content, { mode });
    renameSync(partial, path);
  } catch (err) {
    rmSync(partial, { force: true });
    throw err;
  }
}
