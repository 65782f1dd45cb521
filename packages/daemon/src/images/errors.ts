/** Errors of images, in Docker's words. */
import { ConnectionError, RegistryError } from '@tsdocker/registry/errors.ts';
import { shortId } from '@tsdocker/shared/digest.ts';
import { DockerError } from '@tsdocker/shared/errors.ts';
import {
  type AnyReference,
  familiarName,
  familiarString,
  type Reference,
  withDefaultTag,
} from '@tsdocker/shared/reference.ts';

export function noSuchImage(ref: AnyReference): DockerError {
  const name = ref.kind === 'digest' ? ref.digest : familiarString(withDefaultTag(ref.reference));
  return new DockerError('NotFound', `No such image: ${name}`);
}

/** A deletion that something forbids; `hard` ones cannot be forced. */
export function deleteConflict(imageId: string, hard: boolean, why: string): DockerError {
  const force = hard ? 'cannot be forced' : 'must be forced';
  return new DockerError('Conflict', `conflict: unable to delete ${shortId(imageId)} (${force}) - ${why}`);
}

export function untagConflict(ref: string, containerId: string, imageId: string): DockerError {
  return new DockerError(
    'Conflict',
    `conflict: unable to remove repository reference "${ref}" (must force) - container ${shortId(containerId)} is using its referenced image ${shortId(imageId)}`,
  );
}

export function invalidFilter(name: string, values?: readonly string[]): DockerError {
  const what = values ? `${name}=[${values.join(' ')}]` : name;
  return new DockerError('InvalidParameter', `invalid filter '${what}'`);
}

/** What a user reads when a pull fails. Errors that already are DockerErrors pass. */
export function pullError(err: unknown, ref: Reference): unknown {
  if (err instanceof RegistryError) {
    switch (err.registryCode) {
      case 'DENIED':
        return notFound(
          `pull access denied for ${familiarName(ref)}, repository does not exist or may require 'docker login'`,
          err,
        );
      case 'MANIFEST_UNKNOWN':
        return notFound(`manifest for ${familiarString(ref)} not found`, err);
      case 'NAME_UNKNOWN':
        return notFound(`repository ${familiarName(ref)} not found`, err);
      case 'UNAUTHORIZED':
        return new DockerError('Unauthorized', err.message, { cause: err });
    }
    return new DockerError('System', err.message, { cause: err });
  }
  if (err instanceof ConnectionError) return new DockerError('System', err.message, { cause: err });
  return err;
}

function notFound(message: string, cause: Error): DockerError {
  return new DockerError('NotFound', `${message}: ${cause.message}`, { cause });
}
