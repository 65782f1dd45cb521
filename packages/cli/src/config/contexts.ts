/** Contexts: named daemon addresses below `contexts/` of the configuration folder, as docker stores them. */
import type * as Crypto from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { DockerError } from '@tsdocker/shared/errors.ts';
import type { TlsMaterial } from '../client/endpoint.ts';

export const DEFAULT_CONTEXT = 'default';
const CONTEXT_NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.+-]+$/;

export interface ContextEndpoint {
  host: string;
  tls?: TlsMaterial;
}

interface ContextMetadata {
  Endpoints?: { docker?: { Host?: string; SkipTLSVerify?: boolean } };
}

/** The docker endpoint of a stored context. @throws DockerError when there is none of that name or it has no host */
export function readContext(configDirectory: string, name: string): ContextEndpoint {
  // Read only when a context is named: it costs every other command 5 ms.
  const { createHash } = createRequire(import.meta.url)('node:crypto') as typeof Crypto;
  const id = createHash('sha256').update(name).digest('hex');
  const path = join(configDirectory, 'contexts/meta', id, 'meta.json');
  if (!CONTEXT_NAME.test(name)) throw new DockerError('InvalidParameter', `context name "${name}" is invalid`);
  let metadata: ContextMetadata;
  try {
    metadata = JSON.parse(readFileSync(path, 'utf8')) as ContextMetadata;
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'no such file or directory' : String(cause);
    const text = `context "${name}": context not found: open ${path}: ${reason}`;
    throw new DockerError('NotFound', text, { cause });
  }
  const endpoint = metadata.Endpoints?.docker;
  if (!endpoint?.Host) throw new DockerError('InvalidParameter', `context "${name}" has no docker endpoint`);
  const tls = contextTls(join(configDirectory, 'contexts/tls', id, 'docker'), endpoint.SkipTLSVerify ?? false);
  return { host: endpoint.Host, ...(tls ? { tls } : {}) };
}

function contextTls(folder: string, skipVerify: boolean): TlsMaterial | undefined {
  const read = (name: string): string | undefined => {
    const path = join(folder, name);
    return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  };
  const [ca, cert, key] = [read('ca.pem'), read('cert.pem'), read('key.pem')];
  if (!skipVerify && ca === undefined && cert === undefined) return undefined;
  return {
    verify: !skipVerify,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}
