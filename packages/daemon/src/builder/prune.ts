/** What leaves the cache. @see Engine API `BuildPrune` */
import type { StageStore } from '../images/stages.ts';

/** Of a cache record: the beginning of its key. */
export const shownId = (key: string): string => key.slice(0, 25);

/**
 * @param opts.all also what images share
 * @param opts.unusedForMillis only what nobody has used for so long
 * @param opts.keepBytes the most recently used stay, up to so much
 */
export async function pruneCache(
  stages: StageStore,
  opts: { all: boolean; unusedForMillis?: number; keepBytes?: number },
): Promise<{ deleted: string[]; reclaimedBytes: number }> {
  const now = Date.now();
  let kept = 0;
  const doomed = Object.entries(stages.records())
    .filter(([, record]) => opts.all || !record.shared)
    .sort(([, a], [, b]) => Date.parse(b.lastUsed) - Date.parse(a.lastUsed))
    .filter(([, record]) => {
      if (opts.unusedForMillis !== undefined && now - Date.parse(record.lastUsed) < opts.unusedForMillis) return false;
      kept += record.sizeBytes;
      return opts.keepBytes === undefined || kept > opts.keepBytes;
    })
    .map(([key]) => key);
  const reclaimedBytes = doomed.length > 0 ? await stages.forget(doomed) : 0;
  return { deleted: doomed.map(shownId), reclaimedBytes };
}
