/** RFC 3339 with nanoseconds, as Go prints it: trailing zeros cut. */

/** What Go's zero time looks like: "never". */
export const NEVER = '0001-01-01T00:00:00Z';

/** Wall clock in nanoseconds since the epoch; the digits below a millisecond come from the monotonic clock. */
export function nowNanos(): bigint {
  return BigInt(Math.round((performance.timeOrigin + performance.now()) * 1e3)) * 1000n;
}

export function formatNanos(nanos: bigint): string {
  const seconds = nanos / 1_000_000_000n;
  const fraction = (nanos % 1_000_000_000n).toString().padStart(9, '0').replace(/0+$/, '');
  const base = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  return fraction ? `${base}.${fraction}Z` : `${base}Z`;
}

/** Nanoseconds since the epoch of formatNanos' text; 0n for NEVER. */
export function parseNanos(text: string): bigint {
  if (text === NEVER) return 0n;
  const [, base = '', fraction = ''] = /^([^.Z]+)(?:\.(\d+))?Z$/.exec(text) ?? [];
  const millis = Date.parse(`${base}Z`);
  return Number.isNaN(millis) ? 0n : BigInt(millis) * 1_000_000n + BigInt(fraction.padEnd(9, '0').slice(0, 9));
}

/** Whole seconds as events print them; `0` when it never started or clocks were set back. Nanoseconds since the epoch. */
export function secondsBetween(start: bigint, end: bigint): string {
  return String(start > 0n && end > start ? (end - start) / 1_000_000_000n : 0n);
}
