/**
 * Content digests, `algorithm:encoded`. Only sha256, sha384 and sha512 can be verified; the grammar admits more.
 * @see OCI image-spec descriptor.md, "Digests"
 */
import { DockerError } from './errors.ts';

/** `sha256:` and 64 lower-case hex digits, or another registered algorithm. */
export type Digest = string;

const GRAMMAR = /^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[a-zA-Z0-9=_-]+$/;
const HEX_LENGTH: Readonly<Record<string, number>> = { sha256: 64, sha384: 96, sha512: 128 };

/**
 * Checks a digest's form, in the words Docker uses.
 * @throws InvalidParameter `invalid checksum digest format`, `unsupported digest algorithm`, `invalid checksum digest length`
 */
export function parseDigest(text: string): { algorithm: string; hex: string } {
  if (!GRAMMAR.test(text)) throw new DockerError('InvalidParameter', 'invalid checksum digest format');
  const colon = text.indexOf(':');
  const algorithm = text.slice(0, colon);
  const hex = text.slice(colon + 1);
  const length = HEX_LENGTH[algorithm];
  if (length === undefined) throw new DockerError('InvalidParameter', 'unsupported digest algorithm');
  if (hex.length !== length) throw new DockerError('InvalidParameter', 'invalid checksum digest length');
  if (!/^[a-f0-9]+$/.test(hex)) throw new DockerError('InvalidParameter', 'invalid checksum digest format');
  return { algorithm, hex };
}

/** True for a digest `parseDigest` takes. */
export function isDigest(text: unknown): text is Digest {
  if (typeof text !== 'string') return false;
  try {
    parseDigest(text);
    return true;
  } catch {
    return false;
  }
}

/** True for `sha256:` and 64 hex digits, the only form this project stores. */
export function isSha256(text: unknown): text is Digest {
  return typeof text === 'string' && /^sha256:[a-f0-9]{64}$/.test(text);
}

/** The part after the colon. */
export function hexOf(digest: Digest): string {
  return digest.slice(digest.indexOf(':') + 1);
}

/** The 12 digits people see: `sha256:4bcff6...` and `4bcff6...` both give `4bcff63911fc`. */
export function shortId(id: string): string {
  return hexOf(id).slice(0, 12);
}
