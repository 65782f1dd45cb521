/** Where a container's output is kept, and how. */
import { join } from 'node:path';
import { parseBool } from '@tsdocker/shared/go-number.ts';
import type { Container } from './container.ts';
import type { Domain } from './deps.types.ts';

/** The path is docker's for the driver; nothing need be there. */
export function logFileOf(
  { store }: Pick<Domain, 'store'>,
  c: Container,
): { path: string; format: 'json-file' | 'local' } {
  if (c.hostConfig.LogConfig?.Type === 'local') {
    return { path: join(store.directory(c.id), 'local-logs', 'container.log'), format: 'local' };
  }
  if (isSentAway(c)) return { path: join(store.directory(c.id), 'container-cached.log'), format: 'local' };
  return { path: store.logPath(c.id), format: 'json-file' };
}

function isSentAway(c: Container): boolean {
  return !['', 'json-file', 'local', 'none'].includes(c.hostConfig.LogConfig?.Type ?? '');
}

/** False: nothing is kept for readers. */
export function isReadable(c: Container): boolean {
  const { Type, Config } = c.hostConfig.LogConfig ?? {};
  return Type !== 'none' && !(isSentAway(c) && parseBool(Config?.['cache-disabled'] ?? 'false'));
}
