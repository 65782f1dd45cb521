/** The one file that loads the native addon. Everything else imports `native` from here. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { NativeAddon } from './addon-types.ts';

/**
 * Directory of native.node and tsd-shim: `TSDOCKER_NATIVE_DIR`, else build/Release of the checkout, which is three
 * folders above the bundle (dist/) or six above this source file.
 */
export function nativeDirectory(): string {
  const fromEnvironment = process.env['TSDOCKER_NATIVE_DIR'];
  if (fromEnvironment) return fromEnvironment;
  const here = dirname(fileURLToPath(import.meta.url));
  const root = here.endsWith('/dist') ? join(here, '..') : join(here, '../../../../..');
  return join(root, 'build/Release');
}

export const native = createRequire(import.meta.url)(join(nativeDirectory(), 'native.node')) as NativeAddon;
