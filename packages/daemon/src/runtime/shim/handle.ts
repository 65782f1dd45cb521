/** A container with a live shim, as the runtime holds it. */
import { randomInt } from 'node:crypto';
import type { ExitStatus, ProcessStreams } from '../runtime.ts';
import type { ShimControl } from './control.ts';
import { stepError } from './errors.ts';
import { decodeExit, decodeFailure, FRAME, type Frame, words } from './frames.ts';
import { encodeExec } from './plan-encoder.ts';
import type { PlanStep } from './plan-format.ts';
import type { ShimExec, ShimExecHandle, ShimHandle } from './shim.types.ts';
import { type AttachOptions, ShimStreams } from './streams.ts';

interface ExecSession {
  steps: PlanStep[];
  started: PromiseWithResolvers<number>;
  exited: PromiseWithResolvers<ExitStatus>;
}

export interface HandleOptions {
  runtimeDirectory: string;
  control: ShimControl;
  /** Of the start's plan; empty after a reattach. */
  steps: PlanStep[];
  /** The shim vanished without an exit: ends what it left. Resolves when nothing is left. */
  onLost: () => Promise<void>;
}

/** Exit code of a container whose shim was killed: the container's process dies with it, by SIGKILL. */
const KILLED = 137;

export class NativeShimHandle implements ShimHandle {
  /** 0 until the program runs. */
  pid = 0;
  startedAt = 0n;
  readonly exited: Promise<ExitStatus>;
  readonly gone: Promise<void>;
  readonly started: Promise<void>;
  note: string | undefined;
  readonly adoptedExecs: { note: string; exec: ShimExecHandle }[] = [];
  #opts: HandleOptions;
  #exited = Promise.withResolvers<ExitStatus>();
  #gone = Promise.withResolvers<void>();
  #started = Promise.withResolvers<void>();
  #hasExited = false;
  #released = false;
  #oomHandlers: (() => void)[] = [];
  #rotationHandlers: (() => void)[] = [];
  #execs = new Map<number, ExecSession>();
  #nextSession = randomInt(1, 0x10000);
  #taken = new Set<number>();
  #attaching = new Set<Promise<void>>();
  /** Attached before the program runs. */
  #early: ShimStreams[] = [];

  constructor(opts: HandleOptions) {
    this.#opts = opts;
    this.exited = this.#exited.promise;
    this.gone = this.#gone.promise;
    this.started = this.#started.promise;
    // Who does not ask for it must not be told by an unhandled rejection.
    this.started.catch(() => {});
    opts.control.listen({ frame: (frame) => this.#receive(frame), closed: () => void this.#closed() });
  }

  /** Lets go of the connection. The container runs on; `exited` and `gone` do not resolve any more. */
  release(): void {
    this.#released = true;
    this.#opts.control.destroy();
  }

  /** What a reattached shim told at once. */
  adopt(state: { pid: number; startedAt: bigint; sessions: number[] }): void {
    this.pid = state.pid;
    this.startedAt = state.startedAt;
    for (const session of state.sessions) this.#taken.add(session);
  }

  /** Resolves when every attach so far has reached the shim. */
  async attached(): Promise<void> {
    await Promise.all(this.#attaching);
  }

  onOom(handler: () => void): void {
    this.#oomHandlers.push(handler);
  }

  onLogRotated(handler: () => void): void {
    this.#rotationHandlers.push(handler);
  }

  signal(signal: number): Promise<void> {
    return this.#opts.control.request(FRAME.signal, [signal]);
  }

  freeze(): Promise<void> {
    return this.#opts.control.request(FRAME.freeze);
  }

  thaw(): Promise<void> {
    return this.#opts.control.request(FRAME.thaw);
  }

  resize(size: { height: number; width: number }): Promise<void> {
    return this.#resize(0, size);
  }

  reopenLog(): Promise<void> {
    return this.#opts.control.request(FRAME.reopenLog);
  }

  attach(opts: AttachOptions): ProcessStreams {
    return this.#attach(0, opts);
  }

  async exec(exec: ShimExec): Promise<ShimExecHandle> {
    const { control } = this.#opts;
    const plan = encodeExec(exec);
    const session = this.#newSession();
    const entry: ExecSession = { steps: plan.steps, started: Promise.withResolvers(), exited: Promise.withResolvers() };
    // A failed start is told by exec() itself.
    entry.exited.promise.catch(() => {});
    entry.started.promise.catch(() => {});
    this.#execs.set(session, entry);
    const all = { stdin: exec.stdin, stdout: true, stderr: true };
    // Attached before it starts, so that nothing is lost; not at all when nobody will read.
    let first = exec.attach === false ? undefined : this.#attach(session, all);
    try {
      await first?.attached;
      if (this.#hasExited) throw notRunning();
      control.send(FRAME.exec, Buffer.concat([words(control.requestNumber()), plan.bytes]), { session });
      const pid = await entry.started.promise;
      // Nobody came for it: the shim must not wait for us to read.
      void this.gone.then(() => first?.close());
      return {
        ...this.#execHandle(session, pid, entry),
        streams: () => {
          const streams = first ?? this.#attach(session, all);
          first = undefined;
          return streams;
        },
      };
    } catch (err) {
      this.#execs.delete(session);
      first?.close();
      throw err;
    }
  }

  #execHandle(session: number, pid: number, entry: ExecSession): ShimExecHandle {
    return {
      pid,
      exited: entry.exited.promise,
      streams: () => this.#attach(session, { stdin: true, stdout: true, stderr: true }),
      resize: (size) => this.#resize(session, size),
    };
  }

  #attach(session: number, opts: AttachOptions): ShimStreams {
    const streams = new ShimStreams(this.#opts.runtimeDirectory, session, opts);
    if (this.pid === 0) this.#early.push(streams);
    this.#attaching.add(streams.attached);
    void streams.attached.then(() => this.#attaching.delete(streams.attached));
    return streams;
  }

  #resize(session: number, { height, width }: { height: number; width: number }): Promise<void> {
    return this.#opts.control.request(FRAME.resize, [(height & 0xffff) | ((width & 0xffff) << 16)], session);
  }

  #newSession(): number {
    do this.#nextSession = this.#nextSession >= 0xffff ? 1 : this.#nextSession + 1;
    while (this.#execs.has(this.#nextSession) || this.#taken.has(this.#nextSession));
    return this.#nextSession;
  }

  #receive(frame: Frame): void {
    switch (frame.type) {
      case FRAME.started:
        this.pid = frame.payload.readInt32LE(0);
        this.startedAt = frame.payload.readBigUInt64LE(4);
        this.#early = [];
        this.#started.resolve();
        break;
      case FRAME.failed:
        this.#started.reject(stepError(decodeFailure(frame.payload), this.#opts.steps));
        this.#opts.control.destroy();
        // There is nothing to read, and the shim waits until everybody has hung up.
        for (const streams of this.#early.splice(0)) streams.close();
        break;
      case FRAME.exit:
        this.#hasExited = true;
        this.#exited.resolve(decodeExit(frame.payload));
        break;
      case FRAME.gone:
        this.#gone.resolve();
        // The shim waits for us to hang up.
        this.#opts.control.destroy();
        break;
      case FRAME.oom:
        for (const handler of this.#oomHandlers) handler();
        break;
      case FRAME.logRotated:
        for (const handler of this.#rotationHandlers) handler();
        break;
      case FRAME.note:
        this.#receiveNote(frame);
        break;
      default:
        this.#receiveExec(frame);
    }
  }

  #receiveExec(frame: Frame): void {
    const exec = this.#execs.get(frame.session);
    if (frame.type === FRAME.execExit) this.#taken.delete(frame.session);
    if (!exec) return;
    if (frame.type === FRAME.execStarted) exec.started.resolve(frame.payload.readInt32LE(4));
    if (frame.type === FRAME.execFailed)
      exec.started.reject(stepError(decodeFailure(frame.payload.subarray(4)), exec.steps));
    if (frame.type !== FRAME.execExit) return;
    exec.exited.resolve(decodeExit(frame.payload));
    this.#execs.delete(frame.session);
  }

  #receiveNote({ session, payload }: Frame): void {
    const pid = payload.readInt32LE(0);
    const note = payload.toString('utf8', 4);
    if (session === 0) {
      this.note = note;
      return;
    }
    const entry: ExecSession = { steps: [], started: Promise.withResolvers(), exited: Promise.withResolvers() };
    entry.started.resolve(pid);
    this.#execs.set(session, entry);
    this.adoptedExecs.push({ note, exec: this.#execHandle(session, pid, entry) });
  }

  async #closed(): Promise<void> {
    if (this.#released) return;
    if (!this.#hasExited) {
      this.#hasExited = true;
      await this.#opts.onLost();
    }
    const status = { exitCode: KILLED, oomKilled: false, finishedAt: BigInt(Date.now()) * 1_000_000n };
    this.#started.reject(notRunning());
    this.#exited.resolve(status);
    this.#gone.resolve();
    for (const exec of this.#execs.values()) {
      exec.started.reject(notRunning());
      exec.exited.resolve(status);
    }
    this.#execs.clear();
  }
}

function notRunning(): Error {
  const details = { errno: 3, code: 'ESRCH', step: 'start' };
  return Object.assign(new Error('container is not running'), details);
}
