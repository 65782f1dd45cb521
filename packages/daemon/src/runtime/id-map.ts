/** Which ids of the host those of a user namespace are. Pure. @see user_namespaces(7) */

/** `count` ids from `inside` on are those from `outside` on. */
export interface IdRange {
  inside: number;
  outside: number;
  count: number;
}

export interface IdMap {
  uids: readonly IdRange[];
  gids: readonly IdRange[];
}

/** The id on the host; undefined: the namespace has no such id. */
export function hostId(ranges: readonly IdRange[], id: number): number | undefined {
  const range = ranges.find(({ inside, count }) => id >= inside && id < inside + count);
  return range && range.outside + (id - range.inside);
}

/** As /proc/<pid>/uid_map takes it. */
export const mapText = (ranges: readonly IdRange[]): string =>
  ranges.map(({ inside, outside, count }) => `${inside} ${outside} ${count}\n`).join('');
