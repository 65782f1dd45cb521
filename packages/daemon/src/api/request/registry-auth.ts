/** The X-Registry-Auth header. */
import type { AuthConfig } from '@tsdocker/shared/types/auth.ts';

/**
 * Base64 (either alphabet) of a JSON object. What cannot be read counts as no credentials, as Docker has it for pull:
 * the registry then says whether it wants some.
 */
export function registryAuth(header: string | string[] | undefined): AuthConfig | undefined {
  if (typeof header !== 'string' || header === '') return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(header, 'base64url').toString());
    if (!value || typeof value !== 'object' || Array.isArray(value)) return undefined;
    const entries = Object.entries(value).filter(([, item]) => typeof item === 'string' && item !== '');
    return entries.length > 0 ? (Object.fromEntries(entries) as AuthConfig) : undefined;
  } catch {
    return undefined;
  }
}
