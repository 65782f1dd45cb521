/** One client's view of a process' streams: a connection of its own, so that a slow reader holds up only itself. */
import type { Socket } from 'node:net';
import type { ProcessStreams } from '../runtime.ts';
import { encodeFrame, FRAME, FrameReader, frameHeader } from './frames.ts';
import { connectShim } from './socket.ts';

/** The shim holds one frame back when the process does not read; small ones keep that short. */
const STDIN_FRAME_BYTES = 64 * 1024;

export interface AttachOptions {
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
}

export class ShimStreams implements ProcessStreams {
  readonly output: AsyncIterable<{ stream: 1 | 2; data: Buffer }>;
  /** Once the shim's socket holds the request: what the process prints from then on is not missed. */
  readonly attached: Promise<void>;
  #socket: Promise<Socket | undefined>;
  #session: number;
  #stdin: boolean;
  #closed = false;
  #stdinClosed = false;

  /** Starts to connect at once. A shim that is gone gives an output that has ended. */
  constructor(runtimeDirectory: string, session: number, opts: AttachOptions) {
    this.#session = session;
    this.#stdin = opts.stdin;
    const streams = (opts.stdin ? 1 : 0) | (opts.stdout ? 2 : 0) | (opts.stderr ? 4 : 0);
    this.#socket = this.#open(runtimeDirectory, streams);
    this.attached = this.#socket.then(() => undefined);
    this.output = this.#read();
  }

  async write(data: Buffer): Promise<void> {
    const socket = await this.#socket;
    if (!socket || !this.#stdin) return;
    for (let at = 0; at < data.length && socket.writable; at += STDIN_FRAME_BYTES) {
      const part = data.subarray(at, at + STDIN_FRAME_BYTES);
      socket.cork();
      socket.write(frameHeader(FRAME.stdin, part.length, { session: this.#session }));
      const room = socket.write(part);
      socket.uncork();
      if (!room) await drained(socket);
    }
  }

  async closeStdin(): Promise<void> {
    const socket = await this.#socket;
    if (!this.#stdin || this.#stdinClosed) return;
    this.#stdinClosed = true;
    if (socket?.writable) socket.write(encodeFrame(FRAME.closeStdin, undefined, { session: this.#session }));
  }

  close(): void {
    this.#closed = true;
    void this.#socket.then((socket) => {
      if (!this.#stdinClosed) return socket?.destroy();
      // The process still gets what was written to it. Its output must not wait for us meanwhile.
      socket?.end();
      socket?.resume();
    });
  }

  async #open(runtimeDirectory: string, streams: number): Promise<Socket | undefined> {
    let socket: Socket;
    try {
      socket = await connectShim(runtimeDirectory);
    } catch {
      return undefined;
    }
    // A connection that breaks ends the output; the process' fate is told on the control connection.
    socket.on('error', () => socket.destroy());
    const frame = encodeFrame(FRAME.attach, undefined, { stream: streams, session: this.#session });
    await new Promise<void>((resolve) => socket.write(frame, () => resolve()));
    if (this.#closed) socket.destroy();
    return socket;
  }

  async *#read(): AsyncGenerator<{ stream: 1 | 2; data: Buffer }> {
    const socket = await this.#socket;
    if (!socket || socket.destroyed) return;
    const reader = new FrameReader();
    try {
      for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
        for (const frame of reader.push(chunk as Buffer)) {
          if (frame.type === FRAME.end) {
            socket.destroy();
            return;
          }
          if (frame.type === FRAME.output) yield { stream: frame.stream as 1 | 2, data: frame.payload };
        }
      }
    } catch (err) {
      // destroyed by close(), or by a shim that died
      if (!isDisconnect(err)) throw err;
    } finally {
      this.close();
    }
  }
}

function isDisconnect(err: unknown): boolean {
  const code = (err as { code?: unknown }).code;
  return code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ECONNRESET' || code === 'EPIPE' || code === 'ABORT_ERR';
}

/** Room for more, or nobody left to take it. */
function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off('drain', done).off('close', done);
      resolve();
    };
    socket.on('drain', done).on('close', done);
  });
}
