/** Numbers as Go's strconv reads them in flags: base by prefix (0x, 0o, 0b, 0), `_` between digits when there is a prefix. */

const MAX_INT64 = 2n ** 63n - 1n;
const MAX_UINT64 = 2n ** 64n - 1n;

/** @throws Error `strconv.ParseInt: parsing "x": invalid syntax` or `... value out of range` */
export function goParseInt(text: string): number {
  const value = parseBig('ParseInt', text, /^[+-]/);
  if (value > MAX_INT64 || value < -MAX_INT64 - 1n) throw failure('ParseInt', text, 'value out of range');
  return Number(value);
}

/** @param bits width of the type. @throws Error in strconv.ParseUint's words */
export function goParseUint(text: string, bits = 64): number {
  const value = parseBig('ParseUint', text, /^(?!)/);
  if (value > MAX_UINT64 >> BigInt(64 - bits)) throw failure('ParseUint', text, 'value out of range');
  return Number(value);
}

/** @throws Error in strconv.ParseFloat's words */
export function goParseFloat(text: string): number {
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) throw failure('ParseFloat', text, 'invalid syntax');
  const value = Number(text);
  if (!Number.isFinite(value)) throw failure('ParseFloat', text, 'value out of range');
  return value;
}

function parseBig(caller: string, text: string, sign: RegExp): bigint {
  const unsigned = text.replace(sign, '');
  const prefixed = /^0[xob]/i.test(unsigned);
  const digits = prefixed ? unsigned.replace(/_(?=[0-9a-f])/gi, '') : unsigned;
  const octal = /^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits;
  if (!/^(0x[0-9a-f]+|0o[0-7]+|0b[01]+|0|[1-9][0-9]*)$/i.test(octal)) throw failure(caller, text, 'invalid syntax');
  return text.startsWith('-') ? -BigInt(octal) : BigInt(octal);
}

function failure(caller: string, text: string, reason: string): Error {
  return new Error(`strconv.${caller}: parsing ${JSON.stringify(text)}: ${reason}`);
}
