/** What somebody may have meant who wrote a word one or two letters off. */

/** The nearest of them; undefined when none is near. */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  // As far off as it is long, any word is near.
  let bestDistance = Math.min(3, word.length);
  for (const other of known) {
    const d = distance(word, other, bestDistance);
    if (d < bestDistance) [best, bestDistance] = [other, d];
  }
  return best;
}

/** Levenshtein; `limit` when it is at least that. */
function distance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row.at(-1) as number;
}
