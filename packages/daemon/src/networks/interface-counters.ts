/** Traffic of a container's interfaces, for stats: counted inside its network namespace, as its own programs see it. */
import { readFile } from 'node:fs/promises';
import type { InterfaceCounters } from '../containers/deps.types.ts';

/** Columns of /proc/net/dev that are shown, by their place after the name. @see proc_pid_net(5) */
const COLUMNS = {
  rx_bytes: 0,
  rx_packets: 1,
  rx_errors: 2,
  rx_dropped: 3,
  tx_bytes: 8,
  tx_packets: 9,
  tx_errors: 10,
  tx_dropped: 11,
} as const;

type Counters = Awaited<ReturnType<InterfaceCounters>>[string];

/** @param text of /proc/<pid>/net/dev @returns all interfaces but the loopback */
export function parseInterfaceCounters(text: string): Record<string, Counters> {
  const found: Record<string, Counters> = {};
  for (const line of text.split('\n')) {
    const [, name, values] = /^\s*([^:\s]+):\s*(.*)$/.exec(line) ?? [];
    if (!name || !values || name === 'lo') continue;
    const numbers = values.trim().split(/\s+/).map(Number);
    const pairs = Object.entries(COLUMNS).map(([key, column]) => [key, numbers[column] ?? 0]);
    found[name] = Object.fromEntries(pairs) as Counters;
  }
  return found;
}

/** @throws Error with code ENOENT when the process is gone */
export const interfaceCounters: InterfaceCounters = async (pid) =>
  parseInterfaceCounters(await readFile(`/proc/${pid}/net/dev`, 'utf8'));
