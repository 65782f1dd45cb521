/** Numbers and booleans as Go's strconv reads them, with its error words: docker prints them unchanged. */

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

function syntaxError(func: string, text: string): Error {
  return new Error(`strconv.${func}: parsing ${JSON.stringify(text)}: invalid syntax`);
}

function rangeError(func: string, text: string): Error {
  return new Error(`strconv.${func}: parsing ${JSON.stringify(text)}: value out of range`);
}

/** A decimal 64 bit integer, sign allowed. Beyond 2^53 the nearest double is returned. */
export function parseInt64(text: string): number {
  if (!/^[+-]?\d+$/.test(text)) throw syntaxError('ParseInt', text);
  const value = BigInt(text.replace(/^\+/, ''));
  if (value < INT64_MIN || value > INT64_MAX) throw rangeError('ParseInt', text);
  return Number(value);
}

/** An unsigned integer of the given width; `base` 0 also takes 0x, 0o, 0b and a leading 0 for octal. */
export function parseUint(text: string, base: 0 | 8 | 10, bits: 16 | 32 | 64): number {
  const value = base === 0 ? anyBase(text) : inBase(text, base);
  if (value === undefined) throw syntaxError('ParseUint', text);
  if (value >= 2n ** BigInt(bits)) throw rangeError('ParseUint', text);
  return Number(value);
}

function inBase(text: string, base: 8 | 10): bigint | undefined {
  if (!(base === 8 ? /^[0-7]+$/ : /^\d+$/).test(text)) return undefined;
  return BigInt(base === 8 ? `0o${text}` : text);
}

function anyBase(text: string): bigint | undefined {
  if (/^0[xX][0-9a-fA-F]+$|^0[oO][0-7]+$|^0[bB][01]+$/.test(text)) return BigInt(text.toLowerCase());
  if (/^0[0-7]+$/.test(text)) return BigInt(`0o${text}`);
  return inBase(text, 10);
}

/** A decimal floating point number. */
export function parseFloat64(text: string): number {
  if (!/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text)) throw syntaxError('ParseFloat', text);
  const value = Number(text);
  if (!Number.isFinite(value)) throw rangeError('ParseFloat', text);
  return value;
}

const TRUE = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);
const FALSE = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False']);

/** Undefined when the text is no boolean. */
export function parseBool(text: string): boolean | undefined {
  if (TRUE.has(text)) return true;
  return FALSE.has(text) ? false : undefined;
}

/** Splits at the first separator; `found` tells an absent one from an empty rest. */
export function cut(text: string, separator: string): { before: string; after: string; found: boolean } {
  const at = text.indexOf(separator);
  if (at < 0) return { before: text, after: '', found: false };
  return { before: text.slice(0, at), after: text.slice(at + separator.length), found: true };
}
