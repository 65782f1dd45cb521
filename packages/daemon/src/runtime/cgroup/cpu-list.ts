/** The kernel's list format of CPUs and memory nodes: `0-3,7`. @see cpuset(7), List format */

/** Highest number Docker accepts, so that a list never becomes huge. */
const MAX_CPU = 8192;

/** @throws Error with Docker's reason: no list, or a number beyond all machines */
export function parseCpuList(text: string): Set<number> {
  const numbers = new Set<number>();
  for (const part of text.split(',')) {
    const match = /^(\d+)(?:-(\d+))?$/.exec(part.trim());
    const low = Number(match?.[1]);
    const high = Number(match?.[2] ?? match?.[1]);
    if (!match || high < low) throw new Error(`invalid format: ${text}`);
    if (high > MAX_CPU) throw new Error(`value of out range, maximum is ${MAX_CPU}`);
    for (let n = low; n <= high; n++) numbers.add(n);
  }
  return numbers;
}
