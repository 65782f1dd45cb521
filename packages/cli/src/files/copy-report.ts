/** What cp tells while and after it copies. */
import { humanSize } from '@tsdocker/shared/units.ts';
import type { Cli } from '../cli.ts';

/** Redrawing more often is work nobody sees. */
const REDRAW_MILLIS = 100;

export interface CopyReport {
  /** More content bytes were copied. */
  content(bytes: number): void;
  /** More bytes of the archive went by. */
  transferred(bytes: number): void;
  done(): void;
}

/** @param header `Copying to container - ` @param target what the last line names */
export function copyReport(cli: Cli, opts: { quiet: boolean; header: string; target: string }): CopyReport {
  let content = 0;
  let transferred = 0;
  let drawn = 0;
  const live = !opts.quiet && cli.stderr.isTerminal;
  const clear = () => {
    if (drawn > 0) cli.stderr.write('\r\x1b[2K');
  };
  return {
    content: (bytes) => {
      content += bytes;
    },
    transferred: (bytes) => {
      transferred += bytes;
      const now = Date.now();
      if (!live || now - drawn < REDRAW_MILLIS) return;
      clear();
      drawn = now;
      cli.stderr.write(`${opts.header}${humanSize(transferred)}`);
    },
    done: () => {
      clear();
      if (opts.quiet) return;
      const moved = content === transferred ? '' : ` (transferred ${humanSize(transferred)})`;
      cli.stderr.write(`Successfully copied ${humanSize(content)}${moved} to ${opts.target}\n`);
    },
  };
}
