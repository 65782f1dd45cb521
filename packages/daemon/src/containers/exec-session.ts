/** An exec: a further process in a running container, made first and started later. */
import { randomBytes } from 'node:crypto';
import type { ExecConfig, ExecInspect } from '@tsdocker/shared/types/exec.ts';
import type { RunningExec } from '../runtime/runtime.ts';
import type { Container } from './container.ts';

interface ExecNote {
  id: string;
  config: ExecConfig;
}

export class Exec {
  readonly id: string;
  readonly container: Container;
  readonly config: ExecConfig;
  state: 'created' | 'running' | 'exited' = 'created';
  /** null until it has ended. */
  exitCode: number | null = null;
  process: RunningExec | undefined;
  /** Monotonic milliseconds. */
  endedAt = 0;

  constructor(container: Container, config: ExecConfig, id = randomBytes(32).toString('hex')) {
    this.container = container;
    this.config = config;
    this.id = id;
  }

  /** From the note of one that an earlier daemon started. @throws SyntaxError */
  static fromNote(container: Container, note: string, process: RunningExec): Exec {
    const { id, config } = JSON.parse(note) as ExecNote;
    const exec = new Exec(container, config, id);
    exec.state = 'running';
    exec.process = process;
    return exec;
  }

  /** What the next daemon has to know of it: all that inspect shows. The environment may be long, and hold secrets. */
  get note(): string {
    const { Env: _, ...config } = this.config;
    return JSON.stringify({ id: this.id, config } satisfies ExecNote);
  }

  get command(): string {
    const [entrypoint = '', ...args] = this.config.Cmd ?? [];
    return `${entrypoint} ${args.join(' ')}`;
  }

  end(exitCode: number): void {
    this.state = 'exited';
    this.exitCode = exitCode;
    this.endedAt = performance.now();
  }

  inspect(): ExecInspect {
    const [entrypoint = '', ...args] = this.config.Cmd ?? [];
    const {
      Tty = false,
      Privileged = false,
      User,
      AttachStdin = false,
      AttachStdout = false,
      AttachStderr = false,
    } = this.config;
    return {
      ID: this.id,
      Running: this.state === 'running',
      ExitCode: this.exitCode,
      ProcessConfig: { tty: Tty, entrypoint, arguments: args, privileged: Privileged, ...(User && { user: User }) },
      OpenStdin: AttachStdin,
      OpenStderr: AttachStderr,
      OpenStdout: AttachStdout,
      CanRemove: false,
      ContainerID: this.container.id,
      DetachKeys: this.config.DetachKeys ?? '',
      Pid: this.process?.pid ?? 0,
    };
  }
}
