/** Errors of networks, in Docker's words. */
import { DockerError } from '@tsdocker/shared/errors.ts';

export const networkNotFound = (ref: string): DockerError => new DockerError('NotFound', `network ${ref} not found`);

export const networkAmbiguous = (ref: string, matches: number): DockerError =>
  new DockerError('InvalidParameter', `network ${ref} is ambiguous (${matches} matches found based on ID prefix)`);

export const networkExists = (name: string): DockerError =>
  new DockerError('Conflict', `network with name ${name} already exists`);

export const predefinedNotCreatable = (name: string): DockerError =>
  new DockerError('Forbidden', `operation is not permitted on predefined ${name} network`);

export const predefinedNotRemovable = (name: string): DockerError =>
  new DockerError('Forbidden', `${name} is a pre-defined network and cannot be removed`);

export function activeEndpoints(name: string, endpoints: readonly { name: string; id: string }[]): DockerError {
  const list = endpoints.map((endpoint) => `name:"${endpoint.name}" id:"${endpoint.id.slice(0, 12)}"`).join(', ');
  return new DockerError('Forbidden', `error while removing network: network ${name} has active endpoints (${list})`);
}

export const poolOverlaps = (): DockerError =>
  new DockerError('Forbidden', 'invalid pool request: Pool overlaps with other one on this address space');

export const poolsExhausted = (): DockerError =>
  new DockerError('System', 'all predefined address pools have been fully subnetted');

export const invalidRequest = (message: string): DockerError => new DockerError('InvalidParameter', message);

/** What a container's start fails with when its endpoint cannot be made. */
export const setUpFailed = (reason: string, cause?: unknown): DockerError =>
  new DockerError('System', `failed to set up container networking: ${reason}`, { cause });

export const alreadyConnected = (container: string, network: string): DockerError =>
  new DockerError('Forbidden', `endpoint with name ${container} already exists in network ${network}`);

/** A port that cannot be published. `reason` is for `failed programming external connectivity`. */
export const portInUseByContainer = (address: string, port: number): string =>
  `Bind for ${address}:${port} failed: port is already allocated`;

export const portNotBindable = (address: string, port: number, protocol: string, words: string): string =>
  `failed to bind host port ${address}:${port}/${protocol}: ${words}`;
