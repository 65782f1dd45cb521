/**
 * Raw mode of a terminal, by cfmakeraw of the native addon: Node's own raw mode leaves output processing on, which
 * doubles carriage returns. What was made raw is restored at exit.
 */
import { nativeBinding } from '../native.ts';

const saved = new Map<number, Uint8Array>();

/** Until the returned function is called; twice is harmless. @throws Error when `fd` is no terminal */
export function makeTerminalRaw(fd: number): () => void {
  const state = nativeBinding().makeRaw(fd);
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
  nativeBinding().restore(fd, state);
}
