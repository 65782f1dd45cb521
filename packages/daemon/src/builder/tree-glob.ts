/** Wildcards in what `COPY --from` names: the names are those of another stage's or image's tree. */
import { posix } from 'node:path';
import { hasWildcard, pathPattern } from '@tsdocker/shared/path-patterns.ts';
import { isDirectory, listBelow, lookUpTarget } from '../snapshots/pack.ts';
import type { TreeView } from '../snapshots/tree-helper.ts';

/** Deeper than any tree that can be listed. */
const ANY_DEPTH = 1000;

/**
 * Absolute paths that fit the pattern, in order; links below its fixed part are not followed.
 * @throws InvalidParameter for a bad pattern
 */
export async function globTree(view: TreeView, pattern: string): Promise<string[]> {
  const parts = posix.join('/', pattern).slice(1).split('/').filter(Boolean);
  const first = parts.findIndex(hasWildcard);
  const fixed = `/${parts.slice(0, first).join('/')}`;
  const rest = parts.slice(first);
  const base = await lookUpTarget(view, fixed);
  if (!base || !isDirectory(base)) return [];
  const wanted = pathPattern(rest.join('/'));
  const depth = rest.some((part) => part.includes('**')) ? ANY_DEPTH : rest.length;
  const names = await listBelow(view, base.resolved, depth);
  return names.filter(({ name }) => wanted.test(name)).map(({ name }) => posix.join(fixed, name));
}
