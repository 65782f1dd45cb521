/** Memory of processes, as the kernel accounts it. */
import { readdirSync, readFileSync } from 'node:fs';

export interface Memory {
  /** Kilobytes; shared pages counted in part. */
  pss: number;
  rss: number;
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

function memoryOf(pid: string): Memory {
  try {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
    const field = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0);
    return { pss: field('Pss'), rss: field('Rss') };
  } catch {
    return { pss: 0, rss: 0 };
  }
}

/** Sum over the processes whose command line matches. @returns also how many there were */
export function memoryOfMatching(pattern: RegExp): Memory & { count: number } {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && pattern.test(commandLine(name)));
  const all = pids.map(memoryOf);
  return {
    count: pids.length,
    pss: all.reduce((sum, m) => sum + m.pss, 0),
    rss: all.reduce((sum, m) => sum + m.rss, 0),
  };
}
