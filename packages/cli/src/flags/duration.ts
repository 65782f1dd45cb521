/** Nanoseconds of each unit that Go's durations know. */
const UNIT_NANOS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1000n,
  '\u00b5s': 1000n,
  '\u03bcs': 1000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

/**
 * A Go duration: `1m30s`, `500ms`, `-1.5h`, `0`.
 * @returns nanoseconds
 * @throws `time: invalid duration "..."`, `time: missing unit in duration "..."`, `time: unknown unit "x" in duration "..."`
 */
export function parseDuration(text: string): number {
  const quoted = JSON.stringify(text);
  const negative = text.startsWith('-');
  let rest = text.replace(/^[+-]/, '');
  if (rest === '0') return 0;
  if (rest === '') throw new Error(`time: invalid duration ${quoted}`);
  let total = 0n;
  while (rest !== '') {
    const number = /^(\d*)(?:\.(\d*))?/.exec(rest)!;
    const [whole, digits = ''] = [number[1]!, number[2]];
    if (whole === '' && digits === '') throw new Error(`time: invalid duration ${quoted}`);
    const unit = /^[^.0-9]*/.exec(rest.slice(number[0].length))![0];
    if (unit === '') throw new Error(`time: missing unit in duration ${quoted}`);
    const nanos = Object.hasOwn(UNIT_NANOS, unit) ? UNIT_NANOS[unit]! : undefined;
    if (nanos === undefined) throw new Error(`time: unknown unit ${JSON.stringify(unit)} in duration ${quoted}`);
    total += BigInt(whole || '0') * nanos + (BigInt(digits || '0') * nanos) / 10n ** BigInt(digits.length);
    if (total >= 2n ** 63n) throw new Error(`time: invalid duration ${quoted}`);
    rest = rest.slice(number[0].length + unit.length);
  }
  return Number(negative ? -total : total);
}
