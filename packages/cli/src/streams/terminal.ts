/**
 * Raw mode of a terminal, by cfmakeraw of the native addon: Node's own raw mode leaves output processing on, which
 * doubles carriage returns. What was made raw is restored at exit.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** native/addon/terminal_binding.cc, as far as it is used here. */
export interface TerminalBinding {
  /** cfmakeraw; returns the state before. @throws ENOTTY and the like */
  makeRaw(fd: number): Uint8Array;
  restore(fd: number, state: Uint8Array): void;
  /** TIOCGWINSZ */
  windowSize(fd: number): { height: number; width: number };
}

let binding: TerminalBinding | undefined;
const saved = new Map<number, Uint8Array>();

/** Loads the addon on first use: most commands never need it. @throws when it is not built */
function terminalBinding(): TerminalBinding {
  binding ??= createRequire(import.meta.url)(join(nativeDirectory(), 'native.node')) as TerminalBinding;
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

/** Until the returned function is called; twice is harmless. @throws Error when `fd` is no terminal */
export function makeTerminalRaw(fd: number): () => void {
  const state = terminalBinding().makeRaw(fd);
  if (!saved.has(fd)) saved.set(fd, state);
  return () => restoreTerminal(fd);
}

/** At exit and on a crash. */
export function restoreTerminals(): void {
  for (const fd of [...saved.keys()]) restoreTerminal(fd);
}

function restoreTerminal(fd: number): void {
  const state = saved.get(fd);
  if (!state) return;
  saved.delete(fd);
  terminalBinding().restore(fd, state);
}
