/** Versions of the Engine API that this project speaks. */

/** Newest version served and asked for. */
export const API_VERSION = '1.55';
/** Oldest version served. Docker 29 stops at 1.40 by default; older clients cost us nothing, so they are let in. */
export const MIN_API_VERSION = '1.24';
/** Our own version, printed by `tsdocker version`, `info` and the Server header. */
export const PRODUCT_VERSION = '0.1.0';
/** The Docker release whose behaviour we follow. Clients that switch on the engine's version see this one. */
export const ENGINE_VERSION = '29.7.2';

/** Compares two `major.minor` versions: negative when a < b, 0 when equal, positive when a > b. */
export function compareApiVersions(a: string, b: string): number {
  const [aMajor = 0, aMinor = 0] = a.split('.').map(Number);
  const [bMajor = 0, bMinor = 0] = b.split('.').map(Number);
  return aMajor - bMajor || aMinor - bMinor;
}
