import { setTimeout as delay } from 'node:timers/promises';
import type { Cli, TerminalSize } from '../cli.ts';

const RETRIES = 10;
const RETRY_STEP_MS = 10;

/**
 * Gives the container's terminal the size of ours, now and whenever ours changes, until the returned function is called. A
 * container that has only just started may not be there yet, so the first time is tried again for half a second.
 */
export function followSize(cli: Cli, resize: (size: TerminalSize) => Promise<void>): () => void {
  const state = { stopped: false };
  const once = async (): Promise<void> => {
    const size = cli.stdout.size();
    if (size && (size.height > 0 || size.width > 0)) await resize(size);
  };
  firstSize(cli, once, state);
  const off = cli.stdout.onResize(() => {
    once().catch(() => {}); // the next change says it again
  });
  return () => {
    state.stopped = true;
    off();
  };
}

async function firstSize(cli: Cli, once: () => Promise<void>, state: { stopped: boolean }): Promise<void> {
  for (let attempt = 0; attempt <= RETRIES && !state.stopped; attempt++) {
    try {
      return await once();
    } catch {
      await delay((attempt + 1) * RETRY_STEP_MS);
    }
  }
  if (!state.stopped) cli.stderr.write('failed to resize tty, using default size\n');
}
