/** Flags of instructions: `--name=value` or `--name` for a bool. */
import { invalid } from '../errors.ts';

/** What a flag takes; `list` may be repeated. */
export type FlagKinds = Readonly<Record<string, 'text' | 'bool' | 'list'>>;

export interface ReadFlags {
  text(name: string): string | undefined;
  bool(name: string): boolean | undefined;
  list(name: string): string[];
}

/** @throws InvalidParameter unknown, repeated, or without a value */
export function readFlags(words: readonly string[], kinds: FlagKinds): ReadFlags {
  const values = new Map<string, string[]>();
  for (const word of words) {
    const equals = word.indexOf('=');
    const name = word.slice(2, equals < 0 ? undefined : equals);
    const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
    if (!kind) throw invalid(`unknown flag: --${name}`);
    const value = equals < 0 ? undefined : word.slice(equals + 1);
    if (kind !== 'bool' && value === undefined) throw invalid(`missing a value on flag: --${name}`);
    if (kind === 'bool' && value !== undefined && value !== 'true' && value !== 'false')
      throw invalid(`expecting boolean value for flag --${name}, not: ${value}`);
    const known = values.get(name);
    if (known && kind !== 'list') throw invalid(`duplicate flag specified: --${name}`);
    values.set(name, [...(known ?? []), value ?? 'true']);
  }
  return {
    text: (name) => values.get(name)?.[0],
    bool: (name) => (values.has(name) ? values.get(name)?.[0] === 'true' : undefined),
    list: (name) => values.get(name) ?? [],
  };
}
