/** The steps of a build in place, with what the running ones print last. */
import type { BuildEvent } from '@tsdocker/shared/types/build.ts';
import { humanSize } from '@tsdocker/shared/units.ts';
import { type BuildDisplay, seconds } from './events.ts';

interface Row {
  name: string;
  begun: number;
  /** Undefined: it runs. */
  millis?: number;
  state: 'running' | 'done' | 'cached' | 'failed';
  log: string[];
}

const LOG_LINES = 6;
const REDRAW_MILLIS = 100;

export class TtyDisplay implements BuildDisplay {
  readonly #write: (text: string) => void;
  readonly #size: () => { columns: number; rows: number };
  readonly #rows = new Map<number, Row>();
  readonly #begun = performance.now();
  readonly #timer: NodeJS.Timeout;
  #drawn = 0;
  #ended = '';

  constructor(write: (text: string) => void, size: () => { columns: number; rows: number }) {
    this.#write = write;
    this.#size = size;
    this.#timer = setInterval(() => this.#draw(), REDRAW_MILLIS);
  }

  sent(bytes: number, done: boolean): void {
    const row = this.#row(0, '[internal] load build context');
    row.log = [`transferring context: ${humanSize(bytes)}`];
    if (done && row.state === 'running') this.#end(row, 'done', performance.now() - row.begun);
  }

  event(event: BuildEvent): void {
    switch (event.kind) {
      case 'started':
        this.#row(event.step, event.name);
        break;
      case 'cached':
        this.#row(event.step).state = 'cached';
        break;
      case 'log':
        this.#log(event.step, event.text);
        break;
      case 'pull': {
        const { id, status, progress } = event.message;
        this.#log(event.step, `${id ? `${id}: ` : ''}${status ?? ''} ${progress ?? ''}\n`);
        break;
      }
      case 'done': {
        const row = this.#row(event.step);
        this.#end(row, row.state === 'cached' ? 'cached' : 'done', event.millis);
        break;
      }
      case 'failed':
        if (event.step > 0) {
          const row = this.#row(event.step);
          this.#end(row, 'failed', performance.now() - row.begun);
        }
        break;
      case 'built':
        this.#ended = [`exporting to image ${event.image}`, ...event.names.map((name) => `naming to ${name}`)]
          .map((text) => ` => ${text}\n`)
          .join('');
        break;
    }
  }

  close(): void {
    clearInterval(this.#timer);
    this.#draw();
    if (this.#ended) this.#write(this.#ended);
  }

  #row(step: number, name = ''): Row {
    const row = this.#rows.get(step) ?? { name, begun: performance.now(), state: 'running', log: [] };
    this.#rows.set(step, row);
    return row;
  }

  #end(row: Row, state: Row['state'], millis: number): void {
    row.state = state;
    row.millis = millis;
  }

  #log(step: number, text: string): void {
    const row = this.#row(step);
    const last = row.log.pop() ?? '';
    row.log = [...row.log, ...`${last}${text}`.split(/\r?\n|\r/)].slice(-(LOG_LINES + 1));
  }

  #draw(): void {
    const { columns, rows } = this.#size();
    const all = [...this.#rows.values()];
    const ended = all.filter((row) => row.state !== 'running').length;
    const now = performance.now();
    const lines = [`[+] Building ${seconds(now - this.#begun)} (${ended}/${all.length})`];
    for (const row of all) {
      const label = `${row.state === 'cached' ? 'CACHED ' : row.state === 'failed' ? 'ERROR ' : ''}${row.name}`;
      lines.push(joined(` => ${label}`, seconds(row.millis ?? now - row.begun), columns));
      const isShown = row.state === 'running' || row.state === 'failed';
      if (isShown) for (const line of row.log.filter(Boolean).slice(-LOG_LINES)) lines.push(` => => ${visible(line)}`);
    }
    const shown = lines.length > rows - 1 ? [lines[0] as string, ...lines.slice(-(rows - 2))] : lines;
    const up = this.#drawn > 0 ? `\u001b[${this.#drawn}A\u001b[0J` : '';
    this.#write(`${up}${shown.map((line) => `${line.slice(0, columns - 1)}\n`).join('')}`);
    this.#drawn = shown.length;
  }
}

/** Time at the right edge. */
function joined(left: string, right: string, columns: number): string {
  const room = Math.max(10, columns - right.length - 2);
  return `${left.slice(0, room).padEnd(room)} ${right}`;
}

/** What a program prints may move the cursor. */
const visible = (text: string): string =>
  text.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, '').replace(/[\u0000-\u001f\u007f]/g, ' ');
