/** A running container: the shim's handle joined with its cgroups and the compiler of execs. */
import { DockerError } from '@tsdocker/shared/errors.ts';
import type { HostConfig } from '@tsdocker/shared/types/container.ts';
import type { Cgroups } from './cgroup/cgroups.ts';
import type { CgroupStats, ExecRequest, ExitStatus, ProcessStreams, RunningContainer, RunningExec } from './runtime.ts';
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
  signal(signal: number): Promise<void> {
    return this.#shim.signal(signal);
  }
  pause(): Promise<void> {
    return this.#shim.freeze();
  }
  resume(): Promise<void> {
    return this.#shim.thaw();
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
  update(hostConfig: HostConfig): Promise<void> {
    return this.#deps.cgroups.update(this.id, { ...hostConfig, CgroupParent: this.#cgroupParent });
  }
  pids(): Promise<number[]> {
    return this.#deps.cgroups.pids(this.id, this.#cgroupParent);
  }
  stats(): Promise<CgroupStats> {
    return this.#deps.cgroups.stats(this.id, this.#cgroupParent);
  }

  /** @throws DockerError with exitCode 126 or 127 when the program can not be run */
  async exec(request: ExecRequest): Promise<RunningExec> {
    const { host, seccomp, defaultSeccomp } = this.#deps;
    const process = compileExec(request, this.#userOf(request), host);
    const program = seccomp.compile(
      seccompChoice(request.hostConfig, defaultSeccomp),
      capabilitiesOf(request.hostConfig, host),
    );
    try {
      return await this.#shim.exec({
        session: request.id,
        process,
        stdin: Boolean(request.exec.AttachStdin),
        attach: request.attach,
        ...(program ? { seccompProgram: program } : {}),
      });
    } catch (err) {
      throw execFailure(err, process.args[0] ?? '');
    }
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
      throw new DockerError('Conflict', `container ${this.id} is not running`, { cause: err });
    }
  }
}
