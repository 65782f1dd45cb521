/** ContainerExec, ExecStart, ExecResize. */
import type { ExecConfig } from '@tsdocker/shared/types/exec.ts';
import type { RunningExec } from '../runtime/runtime.ts';
import type { Container } from './container.ts';
import type { Domain } from './deps.types.ts';
import { parseDetachKeys } from './detach-keys.ts';
import { execEnv } from './environment.ts';
import { asDockerError, conflict, execNotFound, invalid, isRestarting, notRunning, pausedBefore } from './errors.ts';
import { publish } from './events.ts';
import { Exec } from './exec-session.ts';
import type { OpenStreams } from './service.types.ts';
import { runSession } from './stream-session.ts';

export type ExecDeps = Pick<Domain, 'events' | 'log'> & { execs: ExecTable };
export interface ExecStartOptions {
  tty: boolean;
  consoleSize?: { height: number; width: number };
  detachKeys?: string;
}

/** Ended execs can be inspected for this long. */
const KEEP_MS = 5 * 60_000;

/** All execs by id. Old ended ones go when new ones come: no timer is needed. */
export class ExecTable {
  readonly #byId = new Map<string, Exec>();

  add(exec: Exec): void {
    const limit = performance.now() - KEEP_MS;
    for (const old of this.#byId.values()) {
      // In order of creation: behind the first that has not ended for long, younger ones follow.
      if (old.state !== 'exited' || old.endedAt > limit) break;
      this.#delete(old);
    }
    this.#byId.set(exec.id, exec);
    const { container } = exec;
    if (container.execs.size === 0) container.signals.once('removed', () => this.#forget(container));
    container.execs.set(exec.id, exec);
  }

  /** @throws NotFound */
  get(id: string): Exec {
    const exec = this.#byId.get(id);
    if (!exec) throw execNotFound(id);
    return exec;
  }

  #delete(exec: Exec): void {
    this.#byId.delete(exec.id);
    exec.container.execs.delete(exec.id);
  }

  #forget(c: Container): void {
    for (const exec of [...c.execs.values()]) this.#delete(exec);
  }
}

/** @returns the exec's id @throws InvalidParameter no command; Conflict not running, paused or restarting */
export function createExec(deps: ExecDeps, c: Container, config: ExecConfig, ref = c.id): string {
  if (!config.Cmd?.length) throw invalid('No exec command specified');
  checkRuns(c, ref);
  parseDetachKeys(config.DetachKeys, 'escape');
  const exec = new Exec(c, config);
  deps.execs.add(exec);
  publish(deps.events, c, `exec_create: ${exec.command}`, { execID: exec.id });
  return exec.id;
}

/** @param ref what the client calls it */
function checkRuns(c: Container, ref = c.id): void {
  if (c.status === 'paused') throw pausedBefore(ref, 'exec');
  if (c.status === 'restarting') throw isRestarting(c.id);
  if (c.status !== 'running' || !c.run) throw notRunning(c.id);
}

/**
 * Resolves when the session has ended; detached, when the process runs. A command that cannot be started is told to an attached
 * client as text, for its stream is open already.
 * @throws NotFound; Conflict it ran already, or its container does not run
 */
export async function startExec(
  deps: ExecDeps,
  id: string,
  opts: ExecStartOptions,
  open: OpenStreams | undefined,
): Promise<void> {
  const exec = deps.execs.get(id);
  if (exec.state === 'exited') throw conflict(`exec command ${id} has already run`);
  if (exec.state === 'running') throw conflict(`exec command ${id} is already running`);
  checkRuns(exec.container);
  const keys = parseDetachKeys(opts.detachKeys || exec.config.DetachKeys);
  exec.state = 'running';
  if (!open) {
    await launch(deps, exec, opts, false);
    return;
  }
  const { Tty: tty = false, AttachStdin = false, AttachStdout = false, AttachStderr = false } = exec.config;
  const client = await open(tty).catch((err) => {
    exec.state = 'created';
    throw err;
  });
  let process: RunningExec;
  try {
    process = await launch(deps, exec, opts, true);
  } catch (err) {
    client.stdout.write(`${asDockerError(err).message}\r\n`);
    return;
  }
  const end = await runSession(process.streams(), client, {
    stdin: AttachStdin,
    stdout: AttachStdout,
    stderr: AttachStderr,
    detachKeys: tty ? keys : undefined,
    closeStdin: !tty,
  });
  if (end === 'detach') publish(deps.events, exec.container, 'exec_detach', { execID: exec.id });
  // The output has ended, so the process has or is about to: inspect right after must know the exit code.
  if (end === 'output') await process.exited;
}

async function launch(deps: ExecDeps, exec: Exec, opts: ExecStartOptions, attach: boolean): Promise<RunningExec> {
  const c = exec.container;
  const { config } = c.record;
  publish(deps.events, c, `exec_start: ${exec.command}`, { execID: exec.id });
  const [height, width] = exec.config.ConsoleSize ?? [];
  try {
    if (!c.run) throw notRunning(c.id);
    exec.process = await c.run.exec({
      id: exec.id,
      exec: exec.config,
      config,
      hostConfig: c.hostConfig,
      env: execEnv(config, config.Hostname ?? '', exec.config),
      consoleSize: opts.consoleSize ?? (height && width ? { height, width } : undefined),
      attach,
      note: exec.note,
    });
  } catch (err) {
    exec.end((err as { exitCode?: number }).exitCode ?? 126);
    throw err;
  }
  follow(deps, exec, exec.process);
  return exec.process;
}

/** First to know: whoever waits for `exited` after this finds the exit code in place. */
function follow(deps: Pick<Domain, 'events'>, exec: Exec, process: RunningExec): void {
  process.exited.then(({ exitCode }) => {
    exec.end(exitCode);
    publish(deps.events, exec.container, 'exec_die', { execID: exec.id, exitCode: String(exitCode) });
  });
}

/** Takes over an exec that an earlier daemon started, by the note it left with it. @throws SyntaxError */
export function adoptExec(deps: ExecDeps, c: Container, note: string, process: RunningExec): void {
  const exec = Exec.fromNote(c, note, process);
  deps.execs.add(exec);
  follow(deps, exec, process);
}

/** @throws NotFound, Conflict it does not run */
export async function resizeExec(deps: ExecDeps, id: string, size: { height: number; width: number }): Promise<void> {
  const exec = deps.execs.get(id);
  if (!exec.process || exec.state !== 'running') throw conflict(`exec ${id} is not running`);
  await exec.process.resize(size);
  publish(deps.events, exec.container, 'resize', { height: String(size.height), width: String(size.width) });
}
