/** `Are you sure?` of the prune commands. */
import { createInterface } from 'node:readline';
import type { Cli } from '../cli.ts';
import type { FlagSpec } from '../command.ts';

export const FORCE_FLAG: FlagSpec = { name: 'force', short: 'f', kind: 'bool', description: 'Do not ask first' };

/** Asks on stdout, reads one line; anything but yes (also the end of stdin) is no. */
export async function confirmed(cli: Cli, warning: string): Promise<boolean> {
  cli.stdout.write(`WARNING! ${warning}\nAre you sure you want to continue? [y/N] `);
  const lines = createInterface({ input: cli.stdin.stream });
  try {
    for await (const line of lines) return ['y', 'yes'].includes(line.trim().toLowerCase());
    return false;
  } finally {
    lines.close();
  }
}
