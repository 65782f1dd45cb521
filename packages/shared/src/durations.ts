/** Go's duration notation (`1h2m3.5s`), as flags, filters and the API's texts use it. Values are nanoseconds. */

const NANOS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};
const MAX = 2n ** 63n - 1n;

/** @throws Error in Go's words: `time: invalid duration "x"`, `time: missing unit in duration "5"`, `time: unknown unit "d" in duration "1d"` */
export function parseDuration(text: string): bigint {
  const quoted = JSON.stringify(text);
  const negative = text.startsWith('-');
  let rest = text.replace(/^[+-]/, '');
  if (rest === '0') return 0n;
  if (rest === '') throw new Error(`time: invalid duration ${quoted}`);
  let total = 0n;
  while (rest !== '') {
    const match = /^(\d*)(?:\.(\d*))?/.exec(rest)!;
    const [number, whole = '', fraction = ''] = match;
    if (whole === '' && fraction === '') throw new Error(`time: invalid duration ${quoted}`);
    rest = rest.slice(number.length);
    const unit = /^[^0-9.]*/.exec(rest)![0];
    if (unit === '') throw new Error(`time: missing unit in duration ${quoted}`);
    const scale = NANOS[unit];
    if (scale === undefined) throw new Error(`time: unknown unit ${JSON.stringify(unit)} in duration ${quoted}`);
    total += BigInt(whole || '0') * scale + (BigInt(fraction || '0') * scale) / 10n ** BigInt(fraction.length);
    if (total > MAX) throw new Error(`time: invalid duration ${quoted}`);
    rest = rest.slice(unit.length);
  }
  return negative ? -total : total;
}

/** Prints as Go does: `0s`, `1.5s`, `2m0s`, `100ms`, `1h0m0s`. */
export function durationString(nanos: bigint | number): string {
  const value = BigInt(nanos);
  const size = value < 0n ? -value : value;
  const sign = value < 0n ? '-' : '';
  if (size === 0n) return '0s';
  if (size < 1_000n) return `${sign}${size}ns`;
  if (size < 1_000_000n) return `${sign}${decimal(size, 3)}µs`;
  if (size < 1_000_000_000n) return `${sign}${decimal(size, 6)}ms`;
  const totalMinutes = size / 60_000_000_000n;
  const seconds = `${decimal(size % 60_000_000_000n, 9)}s`;
  if (totalMinutes === 0n) return `${sign}${seconds}`;
  const hours = totalMinutes / 60n;
  return `${sign}${hours > 0n ? `${hours}h` : ''}${totalMinutes % 60n}m${seconds}`;
}

/** value / 10^digits without rounding, trailing zeros cut. */
function decimal(value: bigint, digits: number): string {
  const text = value.toString().padStart(digits + 1, '0');
  const fraction = text.slice(-digits).replace(/0+$/, '');
  return text.slice(0, -digits) + (fraction && `.${fraction}`);
}
