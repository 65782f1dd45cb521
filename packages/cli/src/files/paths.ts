/**
 * Paths as `docker cp` reads them: a final `/` asks for a directory, a final `/.` for what is in it. Both survive
 * cleaning, which node's own functions would not let them.
 */
import { posix } from 'node:path';

/** `a/.`, `.`, and nothing at all. */
export function isCurrentDirectory(path: string): boolean {
  return posix.basename(path) === '.' || path === '' || path === '.';
}

/** `a/` and `a/.` name a directory, whether it is there or not. */
export function assertsDirectory(path: string): boolean {
  return path.endsWith('/') || isCurrentDirectory(path);
}

/** `cleaned` with the ending of `original`. */
export function withEndingOf(cleaned: string, original: string): string {
  if (isCurrentDirectory(original) && !isCurrentDirectory(cleaned))
    return cleaned.endsWith('/') ? `${cleaned}.` : `${cleaned}/.`;
  if (original.endsWith('/') && !cleaned.endsWith('/')) return `${cleaned}/`;
  return cleaned;
}

/** Directory and last part; `a/b/.` is `.` in `a/b`. */
export function splitEntry(path: string): { directory: string; base: string } {
  const cleaned = clean(path);
  if (isCurrentDirectory(path)) return { directory: cleaned, base: '.' };
  const slash = cleaned.lastIndexOf('/');
  return {
    directory: slash <= 0 ? cleaned.slice(0, slash + 1) || '.' : cleaned.slice(0, slash),
    base: cleaned.slice(slash + 1),
  };
}

/** Without dot segments, doubled and final slashes. */
export function clean(path: string): string {
  const normal = posix.normalize(path);
  return normal.length > 1 && normal.endsWith('/') ? normal.slice(0, -1) : normal;
}

/** What is copied, or where to. */
export interface CopyPlace {
  path: string;
  exists: boolean;
  isDirectory: boolean;
  /** Name it has in the archive, in place of its own: a followed link keeps the link's name. */
  rebaseName?: string;
}

export interface CopyPlan {
  /** Existing directory that the archive is unpacked in. */
  directory: string;
  /** First part of the archive's names, and what it becomes; undefined: names stay. */
  rename?: { from: string; to: string };
}

/** @throws Error `cannot copy directory`, `no such directory` */
export function planCopy(source: CopyPlace, destination: CopyPlace): CopyPlan {
  const from = source.rebaseName ?? splitEntry(source.path).base;
  const to = splitEntry(destination.path);
  if (destination.exists && destination.isDirectory) return { directory: destination.path };
  if (destination.exists && source.isDirectory) throw new Error('cannot copy directory');
  if (!destination.exists && !source.isDirectory && assertsDirectory(destination.path))
    throw new Error('no such directory');
  return { directory: to.directory, rename: { from, to: to.base } };
}

/** An entry's name after `rename`. */
export function renamed(name: string, rename: CopyPlan['rename']): string {
  if (!rename) return name;
  const from = rename.from === '/' ? '' : rename.from;
  if (from === '') return `${rename.to}/${name.replace(/^\/+/, '')}`;
  return name === from || name.startsWith(`${from}/`) ? rename.to + name.slice(from.length) : name;
}
