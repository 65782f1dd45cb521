import type { components } from './engine-api.gen.ts';

/** Registry credentials, as the X-Registry-Auth header carries them (base64url JSON). */
export type AuthConfig = Partial<components['schemas']['AuthConfig']> & {
  auth?: string;
  identitytoken?: string;
  registrytoken?: string;
};
