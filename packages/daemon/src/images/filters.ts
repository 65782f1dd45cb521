import { invalidFilter } from './errors.ts';

export type Filters = Record<string, string[]>;

/** @throws InvalidParameter `invalid filter 'x'` */
export function checkFilters(filters: Filters, accepted: readonly string[]): void {
  for (const name of Object.keys(filters)) if (!accepted.includes(name)) throw invalidFilter(name);
}

/** @throws InvalidParameter `invalid filter 'dangling=[x]'` */
export function booleanFilter(filters: Filters, name: string): boolean | undefined {
  const values = filters[name];
  if (!values || values.length === 0) return undefined;
  const yes = values.some((v) => v === '1' || v === 'true');
  const no = values.some((v) => v === '0' || v === 'false');
  if (yes === no) throw invalidFilter(name, values);
  return yes;
}

/** Every `key` or `key=value` is among the labels. */
export function labelsMatch(wanted: readonly string[] | undefined, labels: Readonly<Record<string, string>>): boolean {
  return (wanted ?? []).every((entry) => {
    const [key, value] = splitOnce(entry);
    return Object.hasOwn(labels, key) && (value === undefined || labels[key] === value);
  });
}

/** Not all of `label!`'s entries are among the labels: as in docker, several keep only what has every one of them. */
export function labelsAvoid(
  unwanted: readonly string[] | undefined,
  labels: Readonly<Record<string, string>>,
): boolean {
  return !unwanted || unwanted.length === 0 || !labelsMatch(unwanted, labels);
}

function splitOnce(entry: string): [string, string | undefined] {
  const equals = entry.indexOf('=');
  return equals < 0 ? [entry, undefined] : [entry.slice(0, equals), entry.slice(equals + 1)];
}
