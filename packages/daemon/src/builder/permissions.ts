/** `--chmod`: permissions in octal, or as changes of those that are there. @see Dockerfile reference, "COPY --chmod" */
import { invalid } from '../dockerfile/errors.ts';

/** From the permission bits of a file to its new ones. */
export type PermissionChange = (mode: number, isDirectory: boolean) => number;

const SYMBOLIC = /^([ugoa]*)((?:[-+=](?:[rwxXst]*|[ugo]))+)$/;
const WHO: Readonly<Record<string, number>> = { u: 0o4700, g: 0o2070, o: 0o1007, a: 0o7777 };
const BITS: Readonly<Record<string, number>> = { r: 0o444, w: 0o222, x: 0o111, s: 0o6000, t: 0o1000 };

/** @param text `755`, `u=rwX,go=rX` @throws InvalidParameter */
export function parsePermissions(text: string): PermissionChange {
  if (/^\d+$/.test(text)) {
    const mode = /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : Number.NaN;
    if (!(mode <= 0o7777))
      throw invalid(`invalid chmod parameter: '${text}'. it should be octal string and between 0 and 07777`);
    return () => mode;
  }
  const changes = text.split(',').flatMap((clause) => parseClause(clause, text));
  return (mode, isDirectory) => changes.reduce((now, change) => change(now, isDirectory), mode);
}

function parseClause(clause: string, text: string): PermissionChange[] {
  const match = SYMBOLIC.exec(clause);
  if (!match) throw invalid(`invalid chmod parameter: '${text}'`);
  const [, who = '', actions = ''] = match;
  const reach = [...(who || 'a')].reduce((bits, c) => bits | (WHO[c] as number), 0);
  return [...actions.matchAll(/([-+=])([^-+=]*)/g)].map(([, operator = '', words = '']) => (mode, isDirectory) => {
    const bits = bitsOf(words, mode, isDirectory) & reach;
    if (operator === '+') return mode | bits;
    if (operator === '-') return mode & ~bits;
    // As chmod does: a directory keeps its set-id bits unless they are named.
    const kept = isDirectory && !/[st]/.test(words) ? 0o7000 : 0;
    return (mode & ~(reach & ~kept)) | bits;
  });
}

function bitsOf(words: string, mode: number, isDirectory: boolean): number {
  // A class copies what another one has.
  if (words === 'u') return ((mode >> 6) & 7) * 0o111;
  if (words === 'g') return ((mode >> 3) & 7) * 0o111;
  if (words === 'o') return (mode & 7) * 0o111;
  return [...words].reduce((bits, c) => {
    // Only where it makes sense: for directories, and what somebody may run already.
    if (c === 'X') return isDirectory || (mode & 0o111) !== 0 ? bits | 0o111 : bits;
    return bits | (BITS[c] as number);
  }, 0);
}
