/** Paired timing: two contestants in turn, so that a machine whose speed drifts is fair to both. */

export interface Contestant {
  name: string;
  once(): Promise<void>;
  /** Before each round; not counted. */
  prepare?(): Promise<void>;
}

export interface Figures {
  /** Milliseconds. */
  median: number;
  min: number;
  max: number;
}

function figures(samples: number[]): Figures {
  const sorted = [...samples].sort((a, b) => a - b);
  return { median: sorted[sorted.length >> 1] as number, min: sorted[0] as number, max: sorted.at(-1) as number };
}

/** Runs A B A B ... after one uncounted round. @returns one row of figures a contestant, in their order */
export async function alternate(contestants: Contestant[], rounds: number): Promise<Figures[]> {
  const samples: number[][] = contestants.map(() => []);
  for (let round = -1; round < rounds; round++) {
    for (const [index, contestant] of contestants.entries()) {
      await contestant.prepare?.();
      const started = performance.now();
      await contestant.once();
      if (round >= 0) samples[index]?.push(performance.now() - started);
    }
  }
  return samples.map(figures);
}

/** One line: the thing measured, each contestant's median (min to max), and the ratio of the first to the second. */
export function row(what: string, names: string[], rows: Figures[], unit = 'ms'): string {
  const cells = rows.map(
    (f, i) => `${names[i]} ${f.median.toFixed(1)} ${unit} (${f.min.toFixed(1)} to ${f.max.toFixed(1)})`,
  );
  const ratio =
    rows.length > 1 ? `   ratio ${((rows[0] as Figures).median / (rows[1] as Figures).median).toFixed(3)}` : '';
  return `${what.padEnd(34)} ${cells.join('   ')}${ratio}`;
}
