/** Times as docker's listings print them. */
import { humanDuration } from '@tsdocker/shared/units.ts';

/** `3 weeks ago`. @param millis since the epoch */
export function ago(millis: number, now: number = Date.now()): string {
  return `${humanDuration((now - millis) * 1e6)} ago`;
}

/** Go's time.String in the local zone: `2023-11-14 22:13:20 +0000 UTC`. */
export function localTime(millis: number): string {
  const { date, offset } = local(millis);
  return `${date.slice(0, 10)} ${date.slice(11, 19)} ${offset.replace(':', '')} ${zoneName(millis, offset)}`;
}

/** RFC 3339 in the local zone, whole seconds: `2023-11-14T22:13:20Z`. */
export function rfc3339(millis: number): string {
  const { date, offset } = local(millis);
  return `${date.slice(0, 19)}${offset === '+00:00' ? 'Z' : offset}`;
}

/** RFC 3339 in the local zone with all nine digits. @param nanos since the epoch */
export function rfc3339Nanos(nanos: bigint): string {
  const { date, offset } = local(Number(nanos / 1_000_000n));
  return `${date.slice(0, 19)}.${String(nanos % 1_000_000_000n).padStart(9, '0')}${offset === '+00:00' ? 'Z' : offset}`;
}

function local(millis: number): { date: string; offset: string } {
  const minutes = -new Date(millis).getTimezoneOffset();
  const size = Math.abs(minutes);
  const two = (n: number): string => String(n).padStart(2, '0');
  const offset = `${minutes < 0 ? '-' : '+'}${two(Math.trunc(size / 60))}:${two(size % 60)}`;
  return { date: new Date(millis + minutes * 60_000).toISOString(), offset };
}

function zoneName(millis: number, offset: string): string {
  if (offset === '+00:00') return 'UTC';
  const name = new Date(millis).toLocaleTimeString('en-US', { timeZoneName: 'short' }).split(' ').at(-1) ?? '';
  // Where the language data has no abbreviation, Go prints the offset again, as tzdata does for such zones.
  return /^GMT[+-]/.test(name) ? offset.replace(':00', '').replace(':', '') : name;
}
