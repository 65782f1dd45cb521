import { cut } from './go-number.ts';

const NAMES = new Set(
  ['msgmax', 'msgmnb', 'msgmni', 'sem', 'shmall', 'shmmax', 'shmmni', 'shm_rmid_forced'].map(
    (name) => `kernel.${name}`,
  ),
);
const PREFIXES = ['net.', 'fs.mqueue.'];

/** Checks one --sysctl: only kernel settings that a namespace has for itself. */
export function checkSysctl(text: string): string {
  const { before: name, found } = cut(text, '=');
  if (!found || !(NAMES.has(name) || PREFIXES.some((prefix) => name.startsWith(prefix)))) {
    throw new Error(`sysctl '${text}' is not allowed`);
  }
  return text;
}
