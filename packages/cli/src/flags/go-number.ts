import { rangeError, syntaxError } from '@tsdocker/shared/go-number.ts';

/**
 * Numbers inside a flag's value, in a fixed base as Go's strconv reads them, with its error words: docker prints them
 * unchanged. (Flags that are a number as a whole take any base: go-numbers.ts.)
 */

export { parseInt64 } from '@tsdocker/shared/go-number.ts';

/** An unsigned integer of the given width in a fixed base: no prefix means anything. */
export function parseUint(text: string, base: 8 | 10, bits: 16 | 32 | 64): number {
  if (!(base === 8 ? /^[0-7]+$/ : /^\d+$/).test(text)) throw syntaxError('ParseUint', text);
  const value = BigInt(base === 8 ? `0o${text}` : text);
  if (value >= 2n ** BigInt(bits)) throw rangeError('ParseUint', text);
  return Number(value);
}

/** Splits at the first separator; `found` tells an absent one from an empty rest. */
export function cut(text: string, separator: string): { before: string; after: string; found: boolean } {
  const at = text.indexOf(separator);
  if (at < 0) return { before: text, after: '', found: false };
  return { before: text.slice(0, at), after: text.slice(at + separator.length), found: true };
}
