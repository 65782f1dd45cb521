import { parseFloat64 } from './go-number.ts';

const UNITS = 'kmgtp';

/**
 * A size with an optional binary unit: `100`, `64k`, `1.5g`, `1GiB`, `10 MB` (all powers of 1024).
 * @returns bytes, rounded down
 * @throws `invalid size: '...'`, `invalid suffix: '...'` or strconv's words
 */
export function parseBytes(text: string): number {
  const last = text.search(/[0-9. ][^0-9. ]*$/);
  if (last < 0) throw new Error(`invalid size: '${text}'`);
  const size = parseFloat64(text[last] === ' ' ? text.slice(0, last) : text.slice(0, last + 1));
  const suffix = text.slice(last + 1);
  if (size < 0) throw new Error(`invalid size: '${text}'`);
  const bytes = Math.trunc(size * multiplier(suffix));
  if (bytes >= 2 ** 63) throw new Error(`invalid size: '${text}'`);
  return bytes;
}

function multiplier(suffix: string): number {
  const lower = suffix.length > 3 ? suffix : suffix.toLowerCase();
  if (lower === '' || lower === 'b') return 1;
  const power = UNITS.indexOf(lower[0]!) + 1;
  if (power === 0 || !['', 'b', 'ib'].includes(lower.slice(1))) throw new Error(`invalid suffix: '${lower}'`);
  return 1024 ** power;
}

/** As parseBytes; `-1` means unlimited (--memory-swap). */
export function parseMemorySwap(text: string): number {
  return text === '-1' ? -1 : parseBytes(text);
}
