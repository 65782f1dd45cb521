/** The one file that loads the native addon. Everything else imports `native` from here. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { NativeAddon } from './addon-types.ts';

/**
 * Directory of native.node and tsd-shim: `TSDOCKER_NATIVE_DIR`, else build/Release of the nearest folder above this file
 * that has one (the file is a source, a bundle or a chunk of one, so its depth varies).
 */
export function nativeDirectory(): string {
  const fromEnvironment = process.env['TSDOCKER_NATIVE_DIR'];
  if (fromEnvironment) return fromEnvironment;
  let folder = dirname(fileURLToPath(import.meta.url));
  while (folder !== '/') {
    const candidate = join(folder, 'build/Release');
    if (existsSync(join(candidate, 'native.node'))) return candidate;
    folder = dirname(folder);
  }
  throw new Error('the native addon is not built: run `npm run setup`');
}

export const native = createRequire(import.meta.url)(join(nativeDirectory(), 'native.node')) as NativeAddon;
