/** Health checks: the test runs as an exec at intervals; State.Health and health_status events tell how it goes. */
import type { ContainerState, HealthConfig } from '@tsdocker/shared/types/container.ts';
import type { ProcessStreams, RunningExec } from '../runtime/runtime.ts';
import type { Container } from './container.ts';
import type { Domain } from './deps.types.ts';
import { execEnv } from './environment.ts';
import { asDockerError } from './errors.ts';
import { publish } from './events.ts';
import { Exec } from './exec-session.ts';
import { formatNanos, nowNanos } from './time.ts';

type Health = NonNullable<NonNullable<ContainerState>['Health']>;
type HealthDeps = Pick<Domain, 'events' | 'log'>;

const NANOS_PER_MS = 1e6;
const DEFAULT = { interval: 30_000, timeout: 30_000, startInterval: 5_000, retries: 3 };
/** Results that State.Health.Log keeps, and bytes of output each. */
const LOG_LENGTH = 5;
const OUTPUT_BYTES = 4096;

interface Probe {
  exitCode: number;
  output: string;
}

export class HealthMonitor {
  readonly health: Health = { Status: 'starting', FailingStreak: 0, Log: [] };
  readonly #deps: HealthDeps;
  readonly #c: Container;
  readonly #config: HealthConfig;
  readonly #startedAt = performance.now();
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(deps: HealthDeps, c: Container, config: HealthConfig) {
    this.#deps = deps;
    this.#c = c;
    this.#config = config;
  }

  start(): void {
    this.#timer = setTimeout(() => this.#check(), this.#interval());
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  /** During the start period, and until it is healthy once, checks come faster and failures do not count. */
  get #isStarting(): boolean {
    const period = (this.#config.StartPeriod ?? 0) / NANOS_PER_MS;
    return this.health.Status === 'starting' && performance.now() - this.#startedAt < period;
  }

  #interval(): number {
    const interval = (this.#config.Interval ?? 0) / NANOS_PER_MS || DEFAULT.interval;
    const startInterval = (this.#config.StartInterval ?? 0) / NANOS_PER_MS || DEFAULT.startInterval;
    return this.#isStarting ? startInterval : interval;
  }

  async #check(): Promise<void> {
    // A frozen container cannot answer, and its exec would hang: skipped, not failed.
    if (this.#c.status === 'running') {
      const start = nowNanos();
      const probe = await this.#probe();
      if (this.#stopped) return;
      this.#record(probe, start);
    }
    if (!this.#stopped) this.start();
  }

  async #probe(): Promise<Probe> {
    const run = this.#c.run;
    if (!run) return { exitCode: -1, output: 'container is not running' };
    const { config } = this.#c.record;
    const exec = new Exec(this.#c, { AttachStdout: true, AttachStderr: true, Cmd: this.#command() });
    const env = execEnv(config, config.Hostname ?? '', exec.config);
    publish(this.#deps.events, this.#c, `exec_create: ${exec.command}`, { execID: exec.id });
    publish(this.#deps.events, this.#c, `exec_start: ${exec.command}`, { execID: exec.id });
    try {
      const hostConfig = this.#c.hostConfig;
      const process = await run.exec({ id: exec.id, exec: exec.config, config, hostConfig, env, attach: true });
      const probe = await this.#finish(process);
      publish(this.#deps.events, this.#c, 'exec_die', { execID: exec.id, exitCode: String(probe.exitCode) });
      return probe;
    } catch (err) {
      return { exitCode: -1, output: asDockerError(err).message };
    }
  }

  #command(): string[] {
    const [kind, ...rest] = this.#config.Test ?? [];
    const shell = this.#c.record.config.Shell ?? ['/bin/sh', '-c'];
    return kind === 'CMD-SHELL' ? [...shell, ...rest] : rest;
  }

  async #finish(process: RunningExec): Promise<Probe> {
    const limit = (this.#config.Timeout ?? 0) / NANOS_PER_MS || DEFAULT.timeout;
    const streams = process.streams();
    const collected = collect(streams);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(resolve, limit, undefined);
    });
    const status = await Promise.race([process.exited, late]);
    clearTimeout(timer);
    if (status) return { exitCode: status.exitCode, output: await collected };
    streams.close();
    killProcess(process.pid);
    return { exitCode: -1, output: `Health check exceeded timeout (${limit}ms)` };
  }

  #record({ exitCode, output }: Probe, start: bigint): void {
    const { health } = this;
    const entry = { Start: formatNanos(start), End: formatNanos(nowNanos()), ExitCode: exitCode, Output: output };
    health.Log = [...(health.Log ?? []), entry].slice(-LOG_LENGTH);
    const before = health.Status;
    if (exitCode === 0) {
      health.FailingStreak = 0;
      health.Status = 'healthy';
    } else if (!this.#isStarting) {
      health.FailingStreak = (health.FailingStreak ?? 0) + 1;
      if (health.FailingStreak >= (this.#config.Retries || DEFAULT.retries)) health.Status = 'unhealthy';
    }
    if (health.Status !== before) publish(this.#deps.events, this.#c, `health_status: ${health.Status}`);
  }
}

/** The pid is of the host's namespace, of a process we started and have not seen end. */
function killProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended in this moment.
  }
}

async function collect(streams: ProcessStreams): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const { data } of streams.output) {
    if (size < OUTPUT_BYTES) chunks.push(data.subarray(0, OUTPUT_BYTES - size));
    size += data.length;
  }
  const text = Buffer.concat(chunks).toString();
  return size > OUTPUT_BYTES ? `${text}...` : text;
}

/** Does nothing without a test, or with NONE. */
export function startHealthMonitor(deps: HealthDeps, c: Container): void {
  c.health?.stop();
  c.health = undefined;
  const config = c.record.config.Healthcheck;
  const kind = config?.Test?.[0];
  if (!config || (kind !== 'CMD' && kind !== 'CMD-SHELL')) return;
  c.health = new HealthMonitor(deps, c, config);
  c.health.start();
}
