/** One line after the other, for logs and pipes. */
import type { BuildEvent } from '@tsdocker/shared/types/build.ts';
import { humanSize } from '@tsdocker/shared/units.ts';
import { type BuildDisplay, seconds } from './events.ts';

/** Number of the step that is not the daemon's: the context. */
const CONTEXT = 1;

export class PlainDisplay implements BuildDisplay {
  readonly #write: (text: string) => void;
  readonly #names = new Map<number, string>();
  readonly #begun = new Map<number, number>();
  /** The end of a line that has not come yet. */
  readonly #rests = new Map<number, string>();
  readonly #cached = new Set<number>();
  #last = 0;
  #sending = false;

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  sent(bytes: number, done: boolean): void {
    if (!this.#sending) this.#line(CONTEXT, '[internal] load build context');
    this.#sending = true;
    if (!done) return;
    this.#line(CONTEXT, `transferring context: ${humanSize(bytes)} done`);
    this.#line(CONTEXT, 'DONE');
  }

  event(event: BuildEvent): void {
    const number = 'step' in event ? event.step + CONTEXT : 0;
    switch (event.kind) {
      case 'built':
        this.#built(event);
        break;
      case 'started':
        this.#names.set(number, event.name);
        this.#begun.set(number, performance.now());
        this.#line(number, event.name);
        break;
      case 'cached':
        this.#cached.add(number);
        this.#line(number, 'CACHED');
        break;
      case 'log':
        this.#log(number, event.text);
        break;
      case 'pull': {
        const { id, status, progress } = event.message;
        if (status && !progress) this.#line(number, id ? `${id}: ${status}` : status);
        break;
      }
      case 'done':
        this.#endOfLog(number);
        if (!this.#cached.has(number)) this.#line(number, `DONE ${seconds(event.millis)}`);
        break;
      case 'failed':
        this.#endOfLog(number);
        if (event.step > 0) this.#line(number, event.message === 'CANCELED' ? 'CANCELED' : `ERROR: ${event.message}`);
        break;
    }
  }

  close(): void {}

  #built({ image, names }: { image: string; names: string[] }): void {
    const number = Math.max(CONTEXT, ...this.#names.keys()) + 1;
    this.#line(number, 'exporting to image');
    this.#line(number, `writing image ${image} done`);
    for (const name of names) this.#line(number, `naming to ${name} done`);
    this.#line(number, 'DONE');
  }

  #log(number: number, text: string): void {
    const lines = `${this.#rests.get(number) ?? ''}${text}`.split('\n');
    this.#rests.set(number, lines.pop() ?? '');
    const at = ((performance.now() - (this.#begun.get(number) ?? 0)) / 1000).toFixed(3);
    for (const line of lines) this.#line(number, `${at} ${line}`);
  }

  #endOfLog(number: number): void {
    if (this.#rests.get(number)) this.#log(number, '\n');
  }

  /** Steps are told apart by an empty line; one that goes on says its name again. */
  #line(number: number, text: string): void {
    if (number !== this.#last) {
      if (this.#last !== 0) this.#write('\n');
      const name = this.#names.get(number);
      if (name !== undefined && name !== text) this.#write(`#${number} ${name}\n`);
      this.#last = number;
    }
    this.#write(`#${number} ${text}\n`);
  }
}
