/** The `/vX.YZ` prefix of a path. */
import { API_VERSION, compareApiVersions, MIN_API_VERSION } from '@tsdocker/shared/api-version.ts';
import { DockerError } from '@tsdocker/shared/errors.ts';

export interface VersionedPath {
  version: string;
  /** Starts with a slash. */
  path: string;
}

/** Cuts the version off; without one it is the newest. It is not judged here: an unknown path is 404 in any version. */
export function splitVersion(path: string): VersionedPath {
  const match = /^\/v([0-9.]+)(\/.*)$/.exec(path);
  return match ? { version: match[1]!, path: match[2]! } : { version: API_VERSION, path };
}

/** @throws InvalidParameter with Docker's words for a version that is too new, too old or none */
export function checkVersion(version: string): void {
  if (!/^\d{1,9}\.\d{1,9}$/.test(version)) {
    throw new DockerError('InvalidParameter', `invalid API version "${version}"`);
  }
  if (compareApiVersions(version, MIN_API_VERSION) < 0) {
    throw new DockerError(
      'InvalidParameter',
      `client version ${version} is too old. Minimum supported API version is ${MIN_API_VERSION}, please upgrade your client to a newer version`,
    );
  }
  if (compareApiVersions(version, API_VERSION) > 0) {
    throw new DockerError(
      'InvalidParameter',
      `client version ${version} is too new. Maximum supported API version is ${API_VERSION}`,
    );
  }
}
