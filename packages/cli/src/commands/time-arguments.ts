/** `--since` and `--until`: a Unix time, an RFC 3339 time, a date, or how long ago (`10m`). */
import { parseDuration } from '@tsdocker/shared/durations.ts';

const DATE_TIME = /^(\d{4}-\d{2}-\d{2})(?:T(\d{2}(?::\d{2}(?::\d{2}(?:\.\d{1,9})?)?)?))?(Z|[+-]\d{2}:\d{2})?$/;

/**
 * `seconds.nanos` for the API; local time where no zone is named. A Unix time goes out as it is.
 * @throws `failed to parse value as time or duration: "x"`
 */
export function toApiTime(text: string, now: number = Date.now()): string {
  const duration = asDuration(text);
  if (duration !== undefined) return secondsText(BigInt(Math.round(now)) * 1_000_000n - duration);
  const match = DATE_TIME.exec(text);
  if (!match) return unixTime(text);
  const [, day, time = '', zone = ''] = match;
  const [clock = '', fraction = ''] = time.split('.');
  const full = `${day}T${clock === '' ? '00' : clock}${':00'.repeat(2 - (clock.match(/:/g)?.length ?? 0))}${zone}`;
  const millis = Date.parse(full);
  if (Number.isNaN(millis)) return unixTime(text);
  return secondsText(BigInt(millis) * 1_000_000n + BigInt((fraction || '0').padEnd(9, '0')));
}

function unixTime(text: string): string {
  if (/^[+-]?\d+(?:\.\d+)?$/.test(text)) return text;
  throw new Error(`failed to parse value as time or duration: ${JSON.stringify(text)}`);
}

function asDuration(text: string): bigint | undefined {
  if (!/[a-zµμ]$/.test(text)) return undefined;
  try {
    return parseDuration(text);
  } catch {
    return undefined; // not a duration: one of the other forms
  }
}

function secondsText(nanos: bigint): string {
  return `${nanos / 1_000_000_000n}.${String(nanos % 1_000_000_000n).padStart(9, '0')}`;
}
