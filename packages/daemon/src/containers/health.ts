/** Health checks: the test runs as an exec at intervals; State.Health and health_status events tell how it goes. */
import { durationString } from '@tsdocker/shared/durations.ts';
import type { HealthConfig } from '@tsdocker/shared/types/container.ts';
import type { ProcessStreams, RunningExec } from '../runtime/runtime.ts';
import type { Container } from './container.ts';
import type { Domain } from './deps.types.ts';
import { execEnv } from './environment.ts';
import { asDockerError } from './errors.ts';
import { publish } from './events.ts';
import { Exec } from './exec-session.ts';
import type { Health } from './record.types.ts';
import { formatNanos, nowNanos, parseNanos } from './time.ts';

type HealthDeps = Pick<Domain, 'events' | 'log' | 'store'>;

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
  readonly #health: Health;
  readonly #deps: HealthDeps;
  readonly #c: Container;
  readonly #config: HealthConfig;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(deps: HealthDeps, c: Container, config: HealthConfig, health: Health) {
    this.#deps = deps;
    this.#c = c;
    this.#config = config;
    this.#health = health;
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
    const age = Number(nowNanos() - parseNanos(this.#c.record.state.startedAt)) / NANOS_PER_MS;
    return this.#health.Status === 'starting' && age < period;
  }

  #interval(): number {
    const interval = (this.#config.Interval ?? 0) / NANOS_PER_MS || DEFAULT.interval;
    const startInterval = (this.#config.StartInterval ?? 0) / NANOS_PER_MS || DEFAULT.startInterval;
    return this.#isStarting ? startInterval : interval;
  }

  async #check(): Promise<void> {
    const start = nowNanos();
    const probe = await this.#probe();
    if (this.#stopped) return;
    this.#record(probe, start);
    this.start();
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
    return {
      exitCode: -1,
      output: `Health check exceeded timeout (${durationString(BigInt(Math.round(limit * NANOS_PER_MS)))})`,
    };
  }

  #record({ exitCode, output }: Probe, start: bigint): void {
    const health = this.#health;
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
    if (health.Status === before) return;
    publish(this.#deps.events, this.#c, `health_status: ${health.Status}`);
    // The next daemon goes on from there.
    this.#deps.store
      .save(this.#c)
      .catch((err) => this.#deps.log.warn('record not written', { container: this.#c.id, error: err.message }));
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

/** For a process that was just started: what the last one's checks said is kept in the log alone. */
export function startHealthMonitor(deps: HealthDeps, c: Container): void {
  const { state } = c.record;
  state.health = checksOf(c) && { Status: 'starting', FailingStreak: 0, Log: state.health?.Log ?? [] };
  resumeHealthMonitor(deps, c);
}

/** For one that goes on: unpaused, or taken over. Does nothing without a test, or with NONE. */
export function resumeHealthMonitor(deps: HealthDeps, c: Container): void {
  c.health?.stop();
  c.health = undefined;
  const config = checksOf(c);
  if (!config) return;
  c.record.state.health ??= { Status: 'starting', FailingStreak: 0, Log: [] };
  c.health = new HealthMonitor(deps, c, config, c.record.state.health);
  c.health.start();
}

/** Paused or ended: nobody checks any more, which docker calls unhealthy and tells nobody. */
export function haltHealthMonitor(c: Container): void {
  c.health?.stop();
  c.health = undefined;
  if (c.record.state.health) c.record.state.health.Status = 'unhealthy';
}

function checksOf(c: Container): HealthConfig | undefined {
  const config = c.record.config.Healthcheck;
  const kind = config?.Test?.[0];
  return kind === 'CMD' || kind === 'CMD-SHELL' ? config : undefined;
}
