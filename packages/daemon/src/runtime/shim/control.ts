/** The control connection to a shim: requests with their answers, and the events of the container. */
import type { Socket } from 'node:net';
import {
  decodeWelcome,
  encodeFrame,
  FRAME,
  type Frame,
  FrameReader,
  PROTOCOL_VERSION,
  type WelcomeFrame,
  words,
} from './frames.ts';
import { errnoName } from './process-plan.ts';
import { connectShim } from './socket.ts';

/** What a control connection hears of. Each is called at most as often as it happens; `closed` always, and last. */
export interface ControlEvents {
  frame(frame: Frame): void;
  closed(): void;
}

export class ShimControl {
  #socket: Socket;
  #events: ControlEvents | undefined;
  #early: Frame[] = [];
  #ended = false;
  #nextRequest = 1;
  #requests = new Map<number, (errno: number) => void>();
  #welcome = Promise.withResolvers<WelcomeFrame | undefined>();
  /** The shim's first words; undefined when it went away before. */
  readonly welcome: Promise<WelcomeFrame | undefined> = this.#welcome.promise;

  private constructor(socket: Socket) {
    this.#socket = socket;
    const reader = new FrameReader();
    socket.on('data', (chunk: Buffer) => {
      try {
        for (const frame of reader.push(chunk)) this.#receive(frame);
      } catch {
        // not our protocol: as good as dead
        socket.destroy();
      }
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#close());
  }

  /** @throws Error with code ENOENT or ECONNREFUSED when no shim listens */
  static async connect(runtimeDirectory: string): Promise<ShimControl> {
    const control = new ShimControl(await connectShim(runtimeDirectory));
    const version = Buffer.alloc(2);
    version.writeUInt16LE(PROTOCOL_VERSION);
    control.send(FRAME.hello, version);
    return control;
  }

  /** Events that came before are delivered now. */
  listen(events: ControlEvents): void {
    this.#events = events;
    for (const frame of this.#early.splice(0)) events.frame(frame);
    if (this.#ended) events.closed();
  }

  send(type: number, payload?: Buffer, opts?: { stream?: number; session?: number }): void {
    if (this.#socket.writable) this.#socket.write(encodeFrame(type, payload, opts));
  }

  /** A number for a request whose answer is an event. */
  requestNumber(): number {
    return this.#nextRequest++;
  }

  /** Waits for the answer. @throws Error with errno and code; ESRCH when the shim is gone */
  async request(type: number, values: number[] = [], session = 0): Promise<void> {
    const number = this.requestNumber();
    const answer = new Promise<number>((resolve) => this.#requests.set(number, resolve));
    if (this.#ended) this.#fail();
    else this.send(type, words(number, ...values), { session });
    const errno = await answer;
    if (errno === 0) return;
    const code = errnoName(errno);
    throw Object.assign(new Error(`container shim: ${code}`), { errno, code });
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #receive(frame: Frame): void {
    if (frame.type === FRAME.welcome) this.#welcome.resolve(decodeWelcome(frame.payload));
    else if (frame.type === FRAME.result) this.#answer(frame.payload);
    else if (this.#events) this.#events.frame(frame);
    else this.#early.push(frame);
  }

  #answer(payload: Buffer): void {
    const number = payload.readUInt32LE(0);
    this.#requests.get(number)?.(payload.readInt32LE(4));
    this.#requests.delete(number);
  }

  #fail(): void {
    const ESRCH = 3;
    for (const resolve of this.#requests.values()) resolve(ESRCH);
    this.#requests.clear();
  }

  #close(): void {
    this.#ended = true;
    this.#welcome.resolve(undefined);
    this.#fail();
    this.#events?.closed();
  }
}
