import { cut } from './go-number.ts';

/** Checks one --label: a name without white space, then anything. */
export function checkLabel(text: string): string {
  const { before: name } = cut(text, '=');
  if (name.trim() === '') throw new Error(`invalid label '${text}': empty name`);
  if (/\s/.test(name)) throw new Error(`label '${name}' contains whitespaces`);
  return text;
}

/** `key=value` entries as a map; a bare key has an empty value, the last of a key wins. */
export function toMap(entries: readonly string[]): Record<string, string> {
  // Null prototype: a label named __proto__ is data.
  const map: Record<string, string> = Object.create(null);
  for (const entry of entries) {
    const { before, after } = cut(entry, '=');
    map[before] = after;
  }
  return map;
}
