/** v1 cpusets start empty, and a task can not join an empty one (ENOSPC): fill each level from the one above. */
import { posix } from 'node:path';

/**
 * @param directory the container's
 * @param read content of a file, '' when it does not exist
 * @returns writes from the mount's root down, for levels that are missing or empty, and the container's own
 */
export function cpusetWrites(
  mountPoint: string,
  directory: string,
  wanted: { cpus?: string; mems?: string },
  read: (path: string) => string,
): { path: string; value: string }[] {
  const levels = levelsBelow(mountPoint, directory);
  return (['cpus', 'mems'] as const).flatMap((kind) => {
    const writes: { path: string; value: string }[] = [];
    let inherited = read(posix.join(mountPoint, `cpuset.${kind}`)).trim();
    for (const level of levels) {
      const path = posix.join(level, `cpuset.${kind}`);
      const isOwn = level === directory;
      const present = isOwn ? '' : read(path).trim();
      const value = present || (isOwn && wanted[kind]) || inherited;
      if (present === '' && value !== '') writes.push({ path, value });
      inherited = value;
    }
    return writes;
  });
}

/** Directories from below the mount point to `directory`, parents first. */
export function levelsBelow(mountPoint: string, directory: string): string[] {
  const parts = posix.relative(mountPoint, directory).split('/').filter(Boolean);
  return parts.map((_, i) => posix.join(mountPoint, ...parts.slice(0, i + 1)));
}
