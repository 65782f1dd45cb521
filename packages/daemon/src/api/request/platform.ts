/** Platforms in queries: JSON of the OCI object, or `os/arch[/variant]` as pull and create have always had it. */
import { DockerError } from '@tsdocker/shared/errors.ts';
import type { Query } from './query.ts';

/** @returns `os/arch[/variant]`; undefined when there is none @throws InvalidParameter */
export function platformOf(query: Query, name = 'platform'): string | undefined {
  const text = query.optional(name);
  return text ? platformText(text) : undefined;
}

/** Of a parameter that may stand several times. @throws InvalidParameter */
export function platformsOf(query: Query, name: string): string[] {
  return query
    .strings(name)
    .filter((text) => text !== '')
    .map(platformText);
}

function platformText(text: string): string {
  if (!text.startsWith('{')) return text;
  try {
    const { os, architecture, variant } = JSON.parse(text) as Record<string, unknown>;
    return [os, architecture, variant].filter((part) => typeof part === 'string' && part !== '').join('/');
  } catch (cause) {
    throw new DockerError('InvalidParameter', 'failed to parse platform: invalid JSON', { cause });
  }
}
