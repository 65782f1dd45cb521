/** The kernel's list format of CPUs and memory nodes: `0-3,7`. @see cpuset(7), List format */

/** Inclusive ranges. */
export type CpuList = { first: number; last: number }[];

/** Highest number Docker accepts, so that a list never becomes huge. */
const MAX_CPU = 8192;

/** @returns undefined when the text is no list */
export function parseCpuList(text: string): CpuList | undefined {
  const ranges: CpuList = [];
  for (const part of text.split(',')) {
    const match = /^\s*(\d+)(?:-(\d+))?\s*$/.exec(part);
    if (!match) return undefined;
    const first = Number(match[1]);
    const last = Number(match[2] ?? match[1]);
    if (first > last || last > MAX_CPU) return undefined;
    ranges.push({ first, last });
  }
  return ranges;
}

export function cpuListIncludes(available: CpuList, wanted: CpuList): boolean {
  const has = (cpu: number) => available.some((r) => r.first <= cpu && cpu <= r.last);
  return wanted.every((r) => Array.from({ length: r.last - r.first + 1 }, (_, i) => r.first + i).every(has));
}
