/** Container ids and names. */
import { randomBytes, randomInt } from 'node:crypto';
import DockerNames from 'docker-names';
import { invalid } from './errors.ts';

const NAME = /^\/?[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;
/** After so many taken names a digit is put behind, as Docker does. */
const PLAIN_TRIES = 6;

/**
 * 64 random hex digits. The first 12 are never all decimal: they become the hostname, and an all-digit hostname reads as an address.
 */
export function newContainerId(): string {
  for (;;) {
    const id = randomBytes(32).toString('hex');
    if (!/^\d+$/.test(id.slice(0, 12))) return id;
  }
}

/** Checks a name as the API gives it. @returns it without its slash @throws InvalidParameter in Docker's words */
export function checkName(name: string): string {
  if (!NAME.test(name)) {
    throw invalid(`Invalid container name (${name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`);
  }
  return name.replace(/^\//, '');
}

/** An unused `adjective_surname`. */
export function generateName(isTaken: (name: string) => boolean): string {
  for (let tries = 0; ; tries++) {
    const name = tries < PLAIN_TRIES ? pick() : `${pick()}${randomInt(10 ** Math.min(1 + Math.floor(tries / 20), 9))}`;
    if (!isTaken(name)) return name;
  }
}

function pick(): string {
  return DockerNames.getRandomName();
}
