import { ramInBytes } from '@tsdocker/shared/units.ts';

/** Sizes from here on do not fit the API's 64 bits. */
const TOO_LARGE = 2 ** 63;

/**
 * A size with an optional binary unit: `100`, `64k`, `1.5g`, `1GiB`.
 * @returns bytes, rounded down
 * @throws `invalid size: '...'`, `invalid suffix: '...'` or strconv's words
 */
export function parseBytes(text: string): number {
  const bytes = ramInBytes(text);
  if (bytes >= TOO_LARGE) throw new Error(`invalid size: '${text}'`);
  return bytes;
}

/** As parseBytes; `-1` means unlimited (--memory-swap). */
export function parseMemorySwap(text: string): number {
  return text === '-1' ? -1 : parseBytes(text);
}
