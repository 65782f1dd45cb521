/**
 * Progress of pull, load and import. On a terminal each layer keeps its line, and only the line that changed is drawn
 * again; elsewhere each change of state is a line of its own and the bars are left out.
 */
import type { ProgressMessage } from '@tsdocker/shared/types/image.ts';
import { humanSize } from '@tsdocker/shared/units.ts';
import type { OutputStream } from '../cli.ts';
import { StatusError } from '../status-error.ts';

const BAR_WIDTH = 50;
/** Room for the words around a bar; narrower terminals get none. */
const WIDEST_AROUND = 110;

export interface ProgressOptions {
  /** Gets `aux` objects. */
  onAux?: (aux: unknown) => void;
}

/** @throws StatusError with the daemon's words when the stream ends in an error */
export async function showProgress(
  out: OutputStream,
  messages: AsyncIterable<ProgressMessage>,
  options: ProgressOptions = {},
): Promise<void> {
  const display = out.isTerminal ? new TerminalDisplay(out) : undefined;
  for await (const message of messages) {
    if (message.aux !== undefined) options.onAux?.(message.aux);
    const failure = message.errorDetail?.message ?? message.error;
    if (failure !== undefined) throw new StatusError(1, failure);
    if (display) display.show(message);
    else showPlain(out, message);
  }
}

/** Numbers in motion are for terminals. */
function showPlain(out: OutputStream, message: ProgressMessage): void {
  if (message.stream !== undefined) out.write(message.stream);
  else if (message.status !== undefined && !isMoving(message)) {
    out.write(`${message.id ? `${message.id}: ` : ''}${message.status}\n`);
  }
}

function isMoving({ progressDetail, progress }: ProgressMessage): boolean {
  return Boolean(progress) || Boolean((progressDetail as { current?: number } | undefined)?.current);
}

class TerminalDisplay {
  readonly #out: OutputStream;
  /** Line of each id, counted from the first. */
  #lines = new Map<string, number>();
  #shown = new Map<string, string>();

  constructor(out: OutputStream) {
    this.#out = out;
  }

  show(message: ProgressMessage): void {
    if (message.stream !== undefined) {
      this.#reset();
      this.#out.write(message.stream);
    } else if (message.id) this.#showLine(message.id, message);
    else if (message.status !== undefined) {
      this.#reset();
      this.#out.write(`${message.status}\n`);
    }
  }

  #showLine(id: string, message: ProgressMessage): void {
    const text = cutTo(`${id}: ${message.status ?? ''}${progressText(message, this.#width())}`, this.#width());
    const line = this.#lines.get(id);
    if (line === undefined) {
      this.#lines.set(id, this.#lines.size);
      this.#out.write(`${text}\n`);
    } else if (this.#shown.get(id) !== text) {
      const up = this.#lines.size - line;
      this.#out.write(`\x1b[${up}A\r\x1b[2K${text}\r\x1b[${up}B`);
    }
    this.#shown.set(id, text);
  }

  /** What comes next stands below; older lines are left as they are. */
  #reset(): void {
    this.#lines = new Map();
    this.#shown = new Map();
  }

  #width(): number {
    return this.#out.size()?.width || 80;
  }
}

function progressText(message: ProgressMessage, width: number): string {
  const {
    current = 0,
    total = 0,
    units,
  } = (message.progressDetail ?? {}) as {
    current?: number;
    total?: number;
    units?: string;
  };
  if (current <= 0) return '';
  const amount = units ? `${current}${total > 0 ? `/${total}` : ''} ${units}` : sizes(current, total);
  return ` ${bar(current, total, width)}${amount}`;
}

function sizes(current: number, total: number): string {
  const now = humanSize(current);
  return total <= 0 || current > total ? now.padStart(8) : `${now.padStart(8)}/${humanSize(total)}`;
}

function bar(current: number, total: number, width: number): string {
  if (width <= WIDEST_AROUND || total <= 0) return '';
  const filled = Math.min(BAR_WIDTH, Math.trunc(Math.trunc((current / total) * 100) / 2));
  return `[${'='.repeat(filled)}>${' '.repeat(BAR_WIDTH - filled)}]  `;
}

/** A line that wraps would throw off the count of lines. */
function cutTo(text: string, width: number): string {
  return text.length >= width ? text.slice(0, width - 1) : text;
}
