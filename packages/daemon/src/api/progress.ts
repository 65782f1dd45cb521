/** The answer of pull, load and import: JSON objects, one a line; an error after the first is one of them. */
import type { ServerResponse } from 'node:http';
import { jsonLine } from '@tsdocker/shared/jsonstream.ts';
import type { ProgressMessage } from '@tsdocker/shared/types/image.ts';
import type { ProgressSink } from '../images/service.types.ts';
import { messageOf } from './middleware/errors.ts';

/**
 * Runs `work` with a sink. Errors before the first message are thrown, and become a status; later ones go into the stream.
 * While the client does not read, byte counts of a layer replace one another instead of piling up; work that sends more
 * than counts waits for `room`.
 */
export async function answerWithProgress(
  res: ServerResponse,
  work: (progress: ProgressSink, room: () => Promise<void>) => Promise<void>,
): Promise<void> {
  const stream = new ProgressStream(res);
  try {
    await work(
      (message) => stream.send(message),
      () => stream.room(),
    );
    stream.begin();
  } catch (err) {
    if (!res.headersSent) throw err;
    const message = messageOf(err);
    stream.send({ errorDetail: { message }, error: message });
  }
  stream.end();
}

class ProgressStream {
  readonly #res: ServerResponse;
  /** Waiting for the client to read: messages by what they replace. */
  #waiting = new Map<string, ProgressMessage>();
  #sequence = 0;

  constructor(res: ServerResponse) {
    this.#res = res;
    res.on('drain', () => this.#flush());
  }

  begin(): void {
    if (!this.#res.headersSent) this.#res.writeHead(200, { 'Content-Type': 'application/json' });
  }

  send(message: ProgressMessage): void {
    this.begin();
    if (!this.#res.writableNeedDrain) {
      this.#res.write(jsonLine(message));
      return;
    }
    const isCount = message.id !== undefined && message.progressDetail !== undefined;
    const key = isCount ? `count ${message.id} ${message.status}` : `message ${this.#sequence++}`;
    this.#waiting.delete(key);
    this.#waiting.set(key, message);
  }

  /** Resolves when the client reads, or is gone. */
  room(): Promise<void> {
    const res = this.#res;
    if (!res.writableNeedDrain || res.destroyed) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        res.off('drain', done).off('close', done);
        resolve();
      };
      res.on('drain', done).on('close', done);
    });
  }

  end(): void {
    this.#flush();
    this.#res.end();
  }

  #flush(): void {
    const messages = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const message of messages) this.#res.write(jsonLine(message));
  }
}
