import { cut } from './go-number.ts';

/** Checks one -e value: anything with a name. */
export function checkEnv(text: string): string {
  if (cut(text, '=').before === '') throw new Error(`invalid environment variable: ${text}`);
  return text;
}

/** Completes `NAME` with the caller's value; a name the caller does not have stays bare, which unsets it in the container. */
export function resolveEnv(text: string, env: Readonly<Record<string, string | undefined>>): string {
  const value = text.includes('=') ? undefined : env[text];
  return value === undefined ? text : `${text}=${value}`;
}

/** Keeps the last value of each name, in the order the names first came. */
export function lastOfEachName(entries: readonly string[]): string[] {
  const byName = new Map<string, string>();
  for (const entry of entries) byName.set(cut(entry, '=').before, entry);
  return [...byName.values()];
}
