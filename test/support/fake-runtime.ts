/** A runtime without processes: tests end them, write their output and see what was asked of them. */

import type {
  ExecRequest,
  ExitStatus,
  ProcessStreams,
  RunningContainer,
  RunningExec,
  Runtime,
  RuntimeCapabilities,
  StartRequest,
  StatsReader,
} from '../../packages/daemon/src/runtime/runtime.ts';
import { DockerError } from '../../packages/shared/src/errors.ts';

type Output = { stream: 1 | 2; data: Buffer };

function deferred<T>() {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((r) => {
    resolve = r;
  });
  return { promise, resolve };
}

/** One subscriber: what is written reaches it until it closes or the process ends. */
class FakeStreams implements ProcessStreams {
  readonly stdin: Buffer[] = [];
  stdinClosed = false;
  #queue: Output[] = [];
  #wake = deferred<void>();
  #ended = false;
  readonly #onClose: (s: FakeStreams) => void;

  constructor(onClose: (s: FakeStreams) => void) {
    this.#onClose = onClose;
  }
  push(output: Output): void {
    this.#queue.push(output);
    this.#wake.resolve();
  }
  end(): void {
    this.#ended = true;
    this.#wake.resolve();
  }
  readonly output: AsyncIterable<Output> = {
    [Symbol.asyncIterator]: () => ({
      next: async (): Promise<IteratorResult<Output>> => {
        for (;;) {
          const value = this.#queue.shift();
          if (value) return { value, done: false };
          if (this.#ended) return { value: undefined, done: true };
          await this.#wake.promise;
          this.#wake = deferred();
        }
      },
    }),
  };
  async write(data: Buffer): Promise<void> {
    this.stdin.push(data);
  }
  async closeStdin(): Promise<void> {
    this.stdinClosed = true;
  }
  /** What was not read is lost, as with a connection that is closed. */
  close(): void {
    this.#onClose(this);
    this.#queue = [];
    this.end();
  }
}

class FakeProcess {
  readonly subscribers = new Set<FakeStreams>();
  readonly printed: Output[] = [];
  readonly #exited = deferred<ExitStatus>();
  readonly exited = this.#exited.promise;
  ended = false;

  subscribe(): FakeStreams {
    const streams = new FakeStreams((s) => this.subscribers.delete(s));
    this.subscribers.add(streams);
    if (this.ended) streams.end();
    return streams;
  }
  /** What all subscribers wrote. */
  get stdin(): string {
    return [...this.subscribers].map((s) => Buffer.concat(s.stdin).toString()).join('');
  }
  print(text: string, stream: 1 | 2 = 1): void {
    const output = { stream, data: Buffer.from(text) };
    this.printed.push(output);
    for (const s of this.subscribers) s.push(output);
  }
  exit(exitCode = 0, oomKilled = false): void {
    if (this.ended) return;
    this.ended = true;
    for (const s of this.subscribers) s.end();
    this.#exited.resolve({ exitCode, oomKilled, finishedAt: BigInt(Date.now()) * 1_000_000n });
  }
}

export class FakeExec extends FakeProcess implements RunningExec {
  readonly pid: number;
  readonly request: ExecRequest;
  sizes: { height: number; width: number }[] = [];
  constructor(pid: number, request: ExecRequest) {
    super();
    this.pid = pid;
    this.request = request;
  }
  /** An exec's output waits for its one reader. */
  streams(): ProcessStreams {
    const streams = this.subscribe();
    for (const output of this.printed) streams.push(output);
    return streams;
  }
  async resize(size: { height: number; width: number }): Promise<void> {
    this.sizes.push(size);
  }
}

export class FakeRunning extends FakeProcess implements RunningContainer {
  readonly id: string;
  readonly pid: number;
  readonly startedAt = BigInt(Date.now()) * 1_000_000n;
  readonly request: StartRequest;
  readonly gone: Promise<void>;
  readonly signals: number[] = [];
  readonly execs: FakeExec[] = [];
  sizes: { height: number; width: number }[] = [];
  paused = false;
  #oom: (() => void)[] = [];
  #rotated: (() => void)[] = [];
  readonly #runtime: FakeRuntime;

  constructor(runtime: FakeRuntime, pid: number, request: StartRequest) {
    super();
    this.#runtime = runtime;
    this.id = request.id;
    this.pid = pid;
    this.request = request;
    this.gone = this.exited.then(() => {});
  }
  onOom(handler: () => void): void {
    this.#oom.push(handler);
  }
  oom(): void {
    for (const handler of this.#oom) handler();
  }
  onLogRotated(handler: () => void): void {
    this.#rotated.push(handler);
  }
  rotated(): void {
    for (const handler of this.#rotated) handler();
  }
  async signal(signal: number): Promise<void> {
    if (this.ended) throw new DockerError('Conflict', `container ${this.id} is not running`);
    this.signals.push(signal);
    this.#runtime.onSignal(this, signal);
  }
  async pause(): Promise<void> {
    this.paused = true;
  }
  async resume(): Promise<void> {
    this.paused = false;
  }
  async resize(size: { height: number; width: number }): Promise<void> {
    this.sizes.push(size);
  }
  attach(): ProcessStreams {
    return this.subscribe();
  }
  async exec(request: ExecRequest): Promise<RunningExec> {
    if (this.#runtime.execFailure) throw this.#runtime.execFailure;
    const exec = new FakeExec(this.#runtime.nextPid(), request);
    this.execs.push(exec);
    this.#runtime.onExec(exec);
    return exec;
  }
  async update(): Promise<void> {}
  async pids(): Promise<number[]> {
    return [this.#runtime.pidShown ?? this.pid];
  }
  openStats(): StatsReader {
    this.#runtime.statsReaders++;
    return {
      read: () => ({
        cpu: { usageNanos: 5n, userNanos: 3n, systemNanos: 2n, periods: 0, throttledPeriods: 0, throttledNanos: 0n },
        memory: { usageBytes: 1024n, maxUsageBytes: 2048n, limitBytes: 4096n, failures: 0, stats: { cache: 1 } },
        pids: { current: 1 },
        io: [],
      }),
      close: () => void this.#runtime.statsReaders--,
    };
  }
  async reopenLog(): Promise<void> {}
}

/** Of a machine with cgroup v1 and nearly everything. */
export const CAPABILITIES: RuntimeCapabilities = {
  cgroupVersion: 1,
  memoryLimit: true,
  swapLimit: true,
  memoryReservation: true,
  memorySwappiness: true,
  cpuCfs: true,
  cpuShares: true,
  cpuRealtime: true,
  cpuset: true,
  pidsLimit: true,
  blkioWeight: false,
  blkioWeightDevice: false,
  readBps: true,
  writeBps: true,
  readIops: true,
  writeIops: true,
  oomKillDisable: true,
  kernelMemoryTcp: false,
  cpus: '0-1',
  mems: '0',
  seccomp: true,
  apparmor: false,
  selinux: false,
  userns: false,
};

/** Programs run until a test ends them or, by default, SIGTERM or SIGKILL does. */
export class FakeRuntime implements Runtime {
  readonly running = new Map<string, FakeRunning>();
  readonly starts: FakeRunning[] = [];
  /** Exit notes that `forget` has not removed yet. */
  readonly notes = new Map<string, ExitStatus>();
  startFailure: Error | undefined;
  execFailure: Error | undefined;
  /** Shown by pids() instead of made-up ones. */
  pidShown: number | undefined;
  onStart: (c: FakeRunning) => void = () => {};
  onExec: (e: FakeExec) => void = () => {};
  onSignal: (c: FakeRunning, signal: number) => void = (c, signal) => {
    if (signal === 9 || signal === 15) c.exit(128 + Number(signal));
  };
  #pid = 5_000_000;

  nextPid(): number {
    return this.#pid++;
  }
  async openUserNamespace(): Promise<undefined> {}
  hasUserNamespace(): boolean {
    return false;
  }
  async start(request: StartRequest, opts?: { onCreated?: (c: RunningContainer) => void }): Promise<RunningContainer> {
    if (this.startFailure) throw this.startFailure;
    if (this.running.has(request.id)) throw new Error(`two processes for ${request.id}`);
    const c = this.#track(new FakeRunning(this, this.nextPid(), request));
    this.starts.push(c);
    opts?.onCreated?.(c);
    this.onStart(c);
    return c;
  }
  #track(c: FakeRunning): FakeRunning {
    this.running.set(c.id, c);
    c.exited.then((status) => {
      this.running.delete(c.id);
      this.notes.set(c.id, status);
    });
    return c;
  }
  /** The daemon is dead: the processes go on, but the objects it held never hear of them again. */
  daemonDied(): void {
    for (const old of [...this.running.values()]) {
      this.#track(new FakeRunning(this, old.pid, old.request)).paused = old.paused;
    }
  }
  async reattach(id: string): ReturnType<Runtime['reattach']> {
    const container = this.running.get(id);
    if (container) {
      return { kind: 'running', container, paused: container.paused, note: container.request.note, execs: [] };
    }
    const status = this.notes.get(id);
    return status ? { kind: 'exited', status } : { kind: 'lost' };
  }
  async forget(id: string): Promise<void> {
    if (this.running.has(id)) throw new Error(`forget of running ${id}`);
    this.notes.delete(id);
  }
  readonly capabilities = CAPABILITIES;
  /** Open ones. */
  statsReaders = 0;
}
