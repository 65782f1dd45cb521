import type { Cli } from '../cli.ts';

/** A container's terminal that we are to type into needs one of ours. @throws `the input device is not a TTY` */
export function checkTty(cli: Cli, attachStdin: boolean, tty: boolean): void {
  if (tty && attachStdin && !cli.stdin.isTerminal) throw new Error('the input device is not a TTY');
}
