/** The native addon, as far as the CLI uses it. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** native/addon/terminal_binding.cc, fd_binding.cc */
export interface CliBinding {
  isTerminal(fd: number): boolean;
  /** cfmakeraw; returns the state before. @throws ENOTTY and the like */
  makeRaw(fd: number): Uint8Array;
  restore(fd: number, state: Uint8Array): void;
  /** TIOCGWINSZ */
  windowSize(fd: number): { height: number; width: number };
  /** A connected unix stream socket. @throws Error with code: ENOENT, ECONNREFUSED, EACCES ... */
  connectUnix(path: string): number;
  /** Resolves when the descriptor is readable, which is non-blocking from then on. It must stay open until then. */
  readable(fd: number): Promise<void>;
}

let binding: CliBinding | undefined;

/** Loaded on first use. @throws when it is not built */
export function nativeBinding(): CliBinding {
  binding ??= createRequire(import.meta.url)(join(nativeDirectory(), 'native.node')) as CliBinding;
  return binding;
}

/** `TSDOCKER_NATIVE_DIR`, else build/Release of the checkout: the nearest one above this file (source tree or dist/). */
function nativeDirectory(): string {
  const fromEnvironment = process.env['TSDOCKER_NATIVE_DIR'];
  if (fromEnvironment) return fromEnvironment;
  const here = dirname(fileURLToPath(import.meta.url));
  for (let folder = here; folder !== dirname(folder); folder = dirname(folder)) {
    const candidate = join(folder, 'build/Release');
    if (existsSync(join(candidate, 'native.node'))) return candidate;
  }
  throw new Error('native.node is not built (run: npm run setup)');
}
