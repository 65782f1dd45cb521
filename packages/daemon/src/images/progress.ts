/** Progress messages as Docker writes them: the bar old clients print, and not more than ten a second for one id. */
import type { ProgressMessage } from '@tsdocker/shared/types/image.ts';
import type { ProgressSink } from './service.types.ts';

const INTERVAL_MILLIS = 100;
const BAR_WIDTH = 50;

/** `1.234kB`: four significant digits, decimal units. */
function humanSize(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${Number(value.toPrecision(4))}${units[unit]}`;
}

/** Docker's ready-made bar; empty when there is nothing to show. */
export function progressBar(current: number, total: number): string {
  if (current <= 0 && total <= 0) return '';
  if (total <= 0) return humanSize(current).padStart(8);
  const filled = Math.min(Math.trunc(Math.trunc((current / total) * 100) / 2), BAR_WIDTH);
  const bar = `[${'='.repeat(filled)}>${' '.repeat(BAR_WIDTH - filled)}] `;
  const done = humanSize(current).padStart(8);
  return current > total ? bar + done : `${bar}${done}/${humanSize(total)}`;
}

/** Messages about one thing with an id, such as a layer. */
export interface ItemProgress {
  /** A state without numbers: `Waiting`, `Pull complete`. */
  state(status: string): void;
  /** A state with numbers; dropped when the last one was just now, unless it completes. */
  amount(status: string, current: number, total: number): void;
}

export function itemProgress(sink: ProgressSink, id: string): ItemProgress {
  let last = 0;
  let lastStatus = '';
  return {
    state: (status) => {
      lastStatus = status;
      sink({ status, progressDetail: {}, id });
    },
    amount: (status, current, total) => {
      const now = Date.now();
      if (status === lastStatus && now - last < INTERVAL_MILLIS && current < total) return;
      last = now;
      lastStatus = status;
      const message: ProgressMessage = { status, progressDetail: { current, total }, id };
      const progress = progressBar(current, total);
      sink(progress ? { ...message, progress } : message);
    },
  };
}
