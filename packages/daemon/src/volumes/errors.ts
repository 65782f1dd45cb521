/** Errors of volumes, in Docker's words. */
import { DockerError } from '@tsdocker/shared/errors.ts';

export const noSuchVolume = (name: string) => new DockerError('NotFound', `get ${name}: no such volume`);

export const volumeInUse = (name: string, containers: readonly string[]) =>
  new DockerError('Conflict', `remove ${name}: volume is in use - [${containers.join(', ')}]`);

export function invalidVolumeName(name: string): DockerError {
  const allowed = 'only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed';
  const advice = 'If you intended to pass a host directory, use absolute path';
  return new DockerError(
    'InvalidParameter',
    `create ${name}: ${JSON.stringify(name)} includes invalid characters for a local volume name, ${allowed}. ${advice}`,
  );
}

export function volumeNameTooShort(name: string): DockerError {
  return new DockerError(
    'InvalidParameter',
    `create ${name}: volume name is too short, names should be at least two alphanumeric characters`,
  );
}

export function pluginNotFound(name: string, driver: string): DockerError {
  return new DockerError(
    'NotFound',
    `create ${name}: error looking up volume plugin ${driver}: plugin ${JSON.stringify(driver)} not found`,
  );
}
