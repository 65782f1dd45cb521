/** When a container's rotated log files are compressed: as they come, and at the daemon's start what came before it. */
import type { Container } from './container.ts';
import type { Domain } from './deps.types.ts';
import { asDockerError } from './errors.ts';
import { logFileOf } from './log-file.ts';

type Deps = Pick<Domain, 'logCompression' | 'logWriterConfig' | 'store' | 'log'>;

/** Also of a container that has ended; nothing where its options do not ask for it. */
export function compressLog(deps: Deps, c: Container): void {
  const { logCompression } = deps;
  if (!logCompression || !compresses(deps, c)) return;
  const { path } = logFileOf(deps, c);
  logCompression.compress(c.id, path);
  c.run?.onLogRotated(() => logCompression.compress(c.id, path));
}

function compresses(deps: Deps, c: Container): boolean {
  try {
    return deps.logWriterConfig(c.hostConfig.LogConfig ?? {})?.compress ?? false;
  } catch (err) {
    // Of a record that an older daemon has written: a start tells its user.
    deps.log.warn('log options not understood', { container: c.id, error: asDockerError(err).message });
    return false;
  }
}
