/** A context as one file: `meta.json` and `tls/<endpoint>/<file>` in a tar; docker's archives, zip ones too, can be read. */
import { posix } from 'node:path';
import { Readable } from 'node:stream';
import { DockerError } from '@tsdocker/shared/errors.ts';
import { TAR_END, tarFile, tarHeader } from '@tsdocker/shared/tar-header.ts';
import { extract } from 'tar-stream';
import { type ContextTlsFiles, metadataText, type StoredContext } from './context-store.ts';
import { type ContextMetadata, parseContextMetadata } from './contexts.ts';
import { isZip, readZip } from './zip-archive.ts';

/** More is no context. */
export const MAX_ARCHIVE_BYTES = 10 << 20;

const META = 'meta.json';
const TLS = 'tls';
const ROOT = { uid: 0, gid: 0, mtimeNanos: 0n };

/** The same context gives the same bytes. */
export function packContext({ metadata, tls }: StoredContext): Buffer {
  const folder = (name: string) => tarHeader({ ...ROOT, name, type: 'directory', mode: 0o700, size: 0 });
  const file = (name: string, mode: number, content: Buffer) => tarFile({ ...ROOT, name, mode }, content);
  const endpoints = Object.entries(tls).flatMap(([endpoint, files]) => [
    folder(`${TLS}/${endpoint}`),
    ...Object.entries(files).map(([name, content]) => file(`${TLS}/${endpoint}/${name}`, 0o600, content)),
  ]);
  const meta = file(META, 0o644, Buffer.from(metadataText(metadata)));
  return Buffer.concat([meta, folder(TLS), ...endpoints, TAR_END]);
}

/** @param name the context is to have. @throws DockerError for an archive that is none of a context */
export async function unpackContext(name: string, bytes: Buffer): Promise<StoredContext> {
  if (bytes.length > MAX_ARCHIVE_BYTES) throw invalid('read exceeds the defined limit');
  let metadata: ContextMetadata | undefined;
  const tls: ContextTlsFiles = {};
  for (const file of isZip(bytes) ? zipFiles(bytes) : await tarFiles(bytes)) {
    checkName(file.name);
    if (file.name === META) metadata = { ...parseMetadata(file.content), Name: name };
    else addTlsFile(tls, file);
  }
  if (!metadata) throw invalid('invalid context: no metadata found');
  return { metadata, tls };
}

interface ArchiveFile {
  name: string;
  content: Buffer;
}

function zipFiles(bytes: Buffer): ArchiveFile[] {
  try {
    return readZip(bytes, MAX_ARCHIVE_BYTES);
  } catch (cause) {
    throw invalid((cause as Error).message, cause);
  }
}

async function tarFiles(bytes: Buffer): Promise<ArchiveFile[]> {
  const files: ArchiveFile[] = [];
  const reader = extract();
  const source = Readable.from([bytes]);
  source.on('error', (err) => reader.destroy(err));
  source.pipe(reader as unknown as NodeJS.WritableStream);
  try {
    for await (const entry of reader) {
      const chunks: Buffer[] = [];
      for await (const chunk of entry as AsyncIterable<Buffer>) chunks.push(chunk);
      if (entry.header.type === 'file') files.push({ name: entry.header.name, content: Buffer.concat(chunks) });
    }
  } catch (cause) {
    throw invalid((cause as Error).message, cause);
  }
  return files;
}

function checkName(name: string): void {
  if (name !== META && !name.startsWith(`${TLS}/`)) throw invalid(`${name}: unexpected context file`);
  if (posix.normalize(name) !== name || name.includes('\\')) throw invalid(`${name}: unexpected path format`);
}

/** `tls/<endpoint>/<file>`, no deeper and no shallower. */
function addTlsFile(tls: ContextTlsFiles, { name, content }: ArchiveFile): void {
  const [, endpoint = '', file = '', ...deeper] = name.split('/');
  if (endpoint === '' || file === '' || deeper.length > 0 || endpoint === '__proto__') {
    throw invalid('archive format is invalid');
  }
  tls[endpoint] = { ...tls[endpoint], [file]: content };
}

function parseMetadata(content: Buffer): ContextMetadata {
  try {
    return parseContextMetadata(content.toString('utf8'));
  } catch (cause) {
    throw invalid((cause as Error).message, cause);
  }
}

function invalid(text: string, cause?: unknown): DockerError {
  return new DockerError('InvalidParameter', text, { cause });
}
