/** Numbers and truth values as Go's strconv reads them, with its error words: docker prints them unchanged. */

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

export function syntaxError(func: string, text: string): Error {
  return new Error(`strconv.${func}: parsing ${JSON.stringify(text)}: invalid syntax`);
}

export function rangeError(func: string, text: string): Error {
  return new Error(`strconv.${func}: parsing ${JSON.stringify(text)}: value out of range`);
}

export function parseBool(text: string): boolean {
  if (['1', 't', 'T', 'TRUE', 'true', 'True'].includes(text)) return true;
  if (['0', 'f', 'F', 'FALSE', 'false', 'False'].includes(text)) return false;
  throw syntaxError('ParseBool', text);
}

/** A decimal 64 bit integer, sign allowed. Beyond 2^53 the nearest double is returned. */
export function parseInt64(text: string): number {
  if (!/^[+-]?\d+$/.test(text)) throw syntaxError('ParseInt', text);
  const value = BigInt(text.replace(/^\+/, ''));
  if (value < INT64_MIN || value > INT64_MAX) throw rangeError('ParseInt', text);
  return Number(value);
}
