/** `--filter name=value`, repeatable; listings, prune and events share it. */
import type { Filters } from '@tsdocker/shared/filters.ts';
import type { FlagSpec, Flags } from '../command.ts';

export function filterFlag(description: string, options: { short?: boolean; since?: string } = {}): FlagSpec {
  return {
    name: 'filter',
    kind: 'list',
    valueName: 'filter',
    description,
    parse: splitFilter,
    ...(options.short === false ? {} : { short: 'f' }),
    ...(options.since ? { since: options.since } : {}),
  };
}

/** @throws Error in docker's words */
function splitFilter(text: string): [string, string] {
  const equals = text.indexOf('=');
  if (equals < 0) throw new Error('bad format of filter (expected name=value)');
  return [text.slice(0, equals).trim().toLowerCase(), text.slice(equals + 1).trim()];
}

/** What the user gave, by key. */
export function filtersOf(flags: Flags): Filters {
  const filters: Filters = {};
  for (const text of flags.list('filter').filter((item) => item.trim() !== '')) {
    const [key, value] = splitFilter(text);
    filters[key] = [...(filters[key] ?? []), value];
  }
  return filters;
}
