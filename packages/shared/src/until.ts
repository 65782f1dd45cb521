/** The `until` filter of lists and prunes: a point in time. @see Engine API, `filters` of ContainerPrune */
import { parseDuration } from './durations.ts';
import { DockerError } from './errors.ts';
import type { Filters } from './filters.ts';

/**
 * A duration (`24h`, `1h30m`) counts back from now; else seconds since the epoch, or a date.
 * @returns milliseconds since the epoch; undefined without the filter @throws InvalidParameter
 */
export function untilMillis(filters: Filters, now: number = Date.now()): number | undefined {
  const values = filters['until'] ?? [];
  const [value] = values;
  if (value === undefined) return undefined;
  if (values.length > 1) throw new DockerError('InvalidParameter', 'more than one until filter specified');
  if (/^\d+(?:\.\d+)?$/.test(value)) return Number(value) * 1000;
  const parsed = /^\d{4}-\d{2}-\d{2}/.test(value) ? Date.parse(value) : durationBack(value, now);
  if (Number.isNaN(parsed))
    throw new DockerError('InvalidParameter', `failed to parse value as time or duration: "${value}"`);
  return parsed;
}

function durationBack(value: string, now: number): number {
  try {
    return now - Number(parseDuration(value)) / 1e6;
  } catch {
    return Number.NaN;
  }
}
