/** A running container: the shim's handle joined with its cgroups and the compiler of execs. */
import { DockerError } from '@tsdocker/shared/errors.ts';
import type { HostConfig } from '@tsdocker/shared/types/container.ts';
import type { Cgroups } from './cgroup/cgroups.ts';
import type { ExecRequest, ExitStatus, ProcessStreams, RunningContainer, RunningExec, StatsReader } from './runtime.ts';
import type { SeccompCompiler } from './seccomp/seccomp.ts';
import type { ShimHandle } from './shim/shim.types.ts';
import { capabilitiesOf, compileExec, type SpecHost, seccompChoice } from './spec/compile.ts';
import { type IsOpaque, LayeredRoot } from './spec/layered-root.ts';
import { execFailure } from './start-errors.ts';
import { userInRoot } from './users-in-root.ts';

export interface ContainerDeps {
  cgroups: Cgroups;
  seccomp: SeccompCompiler;
  host: SpecHost;
  /** `builtin`, `unconfined` or profile text, where a container does not say. */
  defaultSeccomp: string;
  isOpaque: IsOpaque;
}

const [ESRCH, ECHILD, ENOMEM, EBUSY] = [3, 10, 12, 16];

/**
 * Nothing can be started in a pid namespace whose init is gone: ESRCH when it is entered, ENOMEM from clone(2), and ECHILD
 * when the kernel kills the new process before its first word.
 */
function isOfAnEndedContainer(err: unknown): boolean {
  const { errno = 0, step } = err as { errno?: number; step?: string };
  return step === 'start' && [ESRCH, ECHILD, ENOMEM].includes(errno);
}

export class NativeContainer implements RunningContainer {
  readonly id: string;
  readonly #shim: ShimHandle;
  readonly #cgroupParent: string;
  readonly #deps: ContainerDeps;

  /** @param cgroupParent HostConfig.CgroupParent it was started with */
  constructor(id: string, shim: ShimHandle, cgroupParent: string, deps: ContainerDeps) {
    this.id = id;
    this.#shim = shim;
    this.#cgroupParent = cgroupParent;
    this.#deps = deps;
  }

  get pid(): number {
    return this.#shim.pid;
  }
  get startedAt(): bigint {
    return this.#shim.startedAt;
  }
  get exited(): Promise<ExitStatus> {
    return this.#shim.exited;
  }
  get gone(): Promise<void> {
    return this.#shim.gone;
  }
  onOom(handler: () => void): void {
    this.#shim.onOom(handler);
  }
  onLogRotated(handler: () => void): void {
    this.#shim.onLogRotated(handler);
  }
  signal(signal: number): Promise<void> {
    return this.#whileRunning(this.#shim.signal(signal));
  }
  pause(): Promise<void> {
    return this.#whileRunning(this.#shim.freeze());
  }
  resume(): Promise<void> {
    return this.#whileRunning(this.#shim.thaw());
  }
  resize(size: { height: number; width: number }): Promise<void> {
    return this.#shim.resize(size);
  }
  attach(opts: { stdin: boolean; stdout: boolean; stderr: boolean }): ProcessStreams {
    return this.#shim.attach(opts);
  }
  reopenLog(): Promise<void> {
    return this.#shim.reopenLog();
  }
  async update(hostConfig: HostConfig): Promise<void> {
    try {
      await this.#deps.cgroups.update(this.id, { ...hostConfig, CgroupParent: this.#cgroupParent });
    } catch (err) {
      // The groups go with the container.
      if (!(await this.#hasEnded())) throw err;
      throw this.#notRunning(err);
    }
  }
  pids(): Promise<number[]> {
    return this.#deps.cgroups.pids(this.id, this.#cgroupParent);
  }
  openStats(): StatsReader {
    return this.#deps.cgroups.openStats(this.id, this.#cgroupParent);
  }

  /** @throws DockerError with exitCode 126 or 127 when the program can not be run */
  async exec(request: ExecRequest): Promise<RunningExec> {
    const { host, seccomp, defaultSeccomp } = this.#deps;
    const process = compileExec(request, this.#userOf(request), host);
    const filter = seccomp.compile(
      seccompChoice(request.hostConfig, defaultSeccomp),
      capabilitiesOf(request.hostConfig, host),
    );
    try {
      return await this.#shim.exec({
        session: request.id,
        process,
        stdin: Boolean(request.exec.AttachStdin),
        attach: request.attach,
        ...(request.note === undefined ? {} : { note: request.note }),
        ...(filter && { seccomp: filter }),
      });
    } catch (err) {
      if (isOfAnEndedContainer(err)) throw this.#notRunning(err);
      // Paused between the check of its state and here.
      if ((err as { errno?: number }).errno === EBUSY)
        throw new DockerError('Conflict', `container ${this.id} is paused, unpause the container before exec`, {
          cause: err,
        });
      throw execFailure(err, process.args[0] ?? '');
    }
  }

  /** @throws Conflict when the process is gone */
  async #whileRunning(request: Promise<void>): Promise<void> {
    try {
      await request;
    } catch (err) {
      throw (err as NodeJS.ErrnoException).code === 'ESRCH' ? this.#notRunning(err) : err;
    }
  }

  #hasEnded(): Promise<boolean> {
    return Promise.race([this.exited.then(() => true), new Promise<false>((resolve) => setImmediate(resolve, false))]);
  }

  #notRunning(cause: unknown): DockerError {
    return new DockerError('Conflict', `container ${this.id} is not running`, { cause });
  }

  /** The accounts as the container sees them now: through its init's root, which a restart of the daemon does not lose. */
  #userOf(request: ExecRequest) {
    const root = new LayeredRoot([`/proc/${this.pid}/root`], this.#deps.isOpaque);
    const user = request.exec.User || request.config.User || '';
    try {
      return userInRoot(root, { User: user }, request.hostConfig);
    } catch (err) {
      const { code } = err as NodeJS.ErrnoException;
      if (code !== 'ENOENT' && code !== 'ESRCH') throw err;
      throw this.#notRunning(err);
    }
  }
}
