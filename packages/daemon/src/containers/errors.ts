/** The container domain's errors, in Docker's words. */
import { DockerError, type ErrorCode } from '@tsdocker/shared/errors.ts';

export const containerNotFound = (ref: string): DockerError => new DockerError('NotFound', `No such container: ${ref}`);
export const execNotFound = (id: string): DockerError => new DockerError('NotFound', `No such exec instance: ${id}`);
export const invalid = (message: string, cause?: unknown): DockerError =>
  new DockerError('InvalidParameter', message, { cause });
export const conflict = (message: string): DockerError => new DockerError('Conflict', message);
export const system = (message: string, cause?: unknown): DockerError => new DockerError('System', message, { cause });

export const ambiguousPrefix = (ref: string): DockerError => invalid(`multiple IDs found with provided prefix: ${ref}`);
export const nameInUse = (name: string, id: string): DockerError =>
  conflict(
    `Conflict. The container name "/${name}" is already in use by container "${id}". ` +
      'You have to remove (or rename) that container to be able to reuse that name.',
  );
export const notRunning = (id: string): DockerError => conflict(`container ${id} is not running`);
export const isRestarting = (id: string): DockerError =>
  conflict(`container ${id} is restarting, wait until the container is running`);
export const alreadyPaused = (id: string): DockerError => conflict(`container ${id} is already paused`);
export const notPaused = (id: string): DockerError => system(`container ${id} is not paused`);
export const pausedBefore = (id: string, verb: 'exec' | 'attach'): DockerError =>
  conflict(`container ${id} is paused, unpause the container before ${verb}`);
export const notModified = (what: 'started' | 'stopped'): DockerError =>
  new DockerError('NotModified', `container is already ${what}`);
export const removalInProgress = (ref: string): DockerError =>
  conflict(`removal of container ${ref} is already in progress`);

/** `prefix: message`, with the code of the cause; the exit code of a start failure is kept. */
export function wrap(prefix: string, err: unknown): DockerError {
  const { code, message } = asDockerError(err);
  return new DockerError(code, `${prefix}: ${message}`, { cause: err });
}

/** Any thrown value as a DockerError; unknown ones are System. */
export function asDockerError(err: unknown): DockerError {
  if (err instanceof Error && err.name === 'DockerError') return err as DockerError;
  return new DockerError('System' satisfies ErrorCode, err instanceof Error ? err.message : String(err), {
    cause: err,
  });
}
