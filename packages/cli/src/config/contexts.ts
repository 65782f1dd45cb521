/** The context that names the daemon: read on the way of every command, so nothing is loaded that this does not need. */
import type * as Crypto from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { DockerError } from '@tsdocker/shared/errors.ts';
import type { TlsMaterial } from '../client/endpoint.ts';

export const DEFAULT_CONTEXT = 'default';

/** What a context is, as docker stores it in `meta.json`. */
export interface ContextMetadata {
  Name: string;
  Metadata?: { Description?: string; [other: string]: unknown };
  /** By kind; ours is `docker`. Others are kept as they are. */
  Endpoints?: { docker?: DockerEndpointMetadata; [other: string]: unknown };
}

export interface DockerEndpointMetadata {
  Host?: string;
  SkipTLSVerify?: boolean;
}

export interface ContextEndpoint {
  host: string;
  tls?: TlsMaterial;
}

/** The two folders of a context; they are named by a digest, so that a name can hold anything. */
export function contextFolders(configDirectory: string, name: string): { meta: string; tls: string } {
  // Read only when a context is named: it costs every other command 5 ms.
  const { createHash } = createRequire(import.meta.url)('node:crypto') as typeof Crypto;
  const id = createHash('sha256').update(name).digest('hex');
  return { meta: join(configDirectory, 'contexts/meta', id), tls: join(configDirectory, 'contexts/tls', id) };
}

/** @throws DockerError NotFound when there is none of that name, InvalidParameter when its file is damaged */
export function readContextMetadata(configDirectory: string, name: string): ContextMetadata {
  const path = join(contextFolders(configDirectory, name).meta, 'meta.json');
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'no such file or directory' : message;
    throw new DockerError('NotFound', `context "${name}": context not found: open ${path}: ${reason}`, { cause });
  }
  try {
    return parseContextMetadata(text);
  } catch (cause) {
    const text = `context "${name}": parsing ${path}: ${(cause as Error).message}`;
    throw new DockerError('InvalidParameter', text, { cause });
  }
}

/** @throws Error when the text is no JSON object */
export function parseContextMetadata(text: string): ContextMetadata {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('not a JSON object');
  return value as ContextMetadata;
}

/** The docker endpoint of a stored context. @throws DockerError as readContextMetadata, and when it names no host */
export function readContext(configDirectory: string, name: string): ContextEndpoint {
  const endpoint = readContextMetadata(configDirectory, name).Endpoints?.docker;
  if (!endpoint?.Host) throw new DockerError('InvalidParameter', `context "${name}" has no docker endpoint`);
  const folder = join(contextFolders(configDirectory, name).tls, 'docker');
  const tls = contextTls(folder, endpoint.SkipTLSVerify ?? false);
  return { host: endpoint.Host, ...(tls ? { tls } : {}) };
}

function contextTls(folder: string, skipVerify: boolean): TlsMaterial | undefined {
  const [ca, cert, key] = ['ca.pem', 'cert.pem', 'key.pem'].map((name) => readIfThere(join(folder, name)));
  if (!skipVerify && ca === undefined && cert === undefined) return undefined;
  return {
    verify: !skipVerify,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (err) {
    if ((err as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw err;
  }
}
