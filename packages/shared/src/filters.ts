/** The `filters` query of list, prune and events: several values of a key are OR, different keys are AND. */
import { DockerError } from './errors.ts';

export type Filters = Record<string, string[]>;

/** Accepts `{"k":["v"]}` and the older `{"k":{"v":true}}`. Empty text is no filter. @throws InvalidParameter */
export function parseFilters(text: string | null | undefined): Filters {
  if (!text) return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new DockerError('InvalidParameter', 'invalid filter', { cause });
  }
  const filters: Filters = Object.create(null);
  if (value === null) return filters;
  if (typeof value !== 'object' || Array.isArray(value)) throw new DockerError('InvalidParameter', 'invalid filter');
  for (const [key, values] of Object.entries(value)) filters[key] = valuesOf(values);
  return filters;
}

function valuesOf(values: unknown): string[] {
  if (Array.isArray(values) && values.every((item) => typeof item === 'string')) return values;
  if (values && typeof values === 'object' && Object.values(values).every((item) => typeof item === 'boolean')) {
    return Object.keys(values).filter((key) => (values as Record<string, boolean>)[key]);
  }
  throw new DockerError('InvalidParameter', 'invalid filter');
}

/** The shape Docker's client sends, `{"k":{"v":true}}`; '' for no filter. */
export function encodeFilters(filters: Filters): string {
  const entries = Object.entries(filters).filter(([, values]) => values.length > 0);
  if (entries.length === 0) return '';
  return JSON.stringify(
    Object.fromEntries(entries.map(([key, values]) => [key, Object.fromEntries(values.map((v) => [v, true]))])),
  );
}

/** @throws InvalidParameter `invalid filter 'x'` for a key that is not in `accepted` */
export function checkFilterKeys(filters: Filters, accepted: readonly string[]): void {
  for (const key of Object.keys(filters)) {
    if (!accepted.includes(key)) throw new DockerError('InvalidParameter', `invalid filter '${key}'`);
  }
}

/** Value of a yes/no filter such as `dangling`. @throws InvalidParameter when it is neither, or both */
export function boolFilter(filters: Filters, key: string, absent: boolean): boolean {
  const values = filters[key];
  if (!values || values.length === 0) return absent;
  const yes = values.some((v) => v === '1' || v === 'true');
  const no = values.some((v) => v === '0' || v === 'false');
  if (yes === no) throw new DockerError('InvalidParameter', `invalid filter '${key}=[${values.join(' ')}]'`);
  return yes;
}

/** `label` values, `key` or `key=value`: unlike other keys, all of them must match. */
export function matchesLabels(
  values: readonly string[] | undefined,
  labels: Record<string, string> | null | undefined,
) {
  return (values ?? []).every((wanted) => {
    const at = wanted.indexOf('=');
    const key = at < 0 ? wanted : wanted.slice(0, at);
    const actual = labels && Object.hasOwn(labels, key) ? labels[key] : undefined;
    return actual !== undefined && (at < 0 || actual === wanted.slice(at + 1));
  });
}
