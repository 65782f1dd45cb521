/**
 * The runtime: compiles a start into an OCI spec, a seccomp program and cgroup writes, hands them to the container's
 * shim and puts its failures into Docker's words. It stores nothing of its own: what runs is found again through the
 * runtime directories <execRoot>/shims/<id>, which the shims own.
 */
import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import { join, posix } from 'node:path';
import type { HostConfig } from '@tsdocker/shared/types/container.ts';
import { type CgroupDefaults, Cgroups } from './cgroup/cgroups.ts';
import { type HostOptions, readSpecHost, runtimeCapabilities } from './host.ts';
import type { NodeBinding } from './native/addon-types.ts';
import { type ContainerDeps, NativeContainer } from './native-container.ts';
import type {
  Reattached,
  RunningContainer,
  Runtime,
  RuntimeCapabilities,
  StartRequest,
  UserNamespace,
} from './runtime.ts';
import { SeccompCompiler } from './seccomp/seccomp.ts';
import { SharedShm } from './shared-shm.ts';
import type { ShimHandle, ShimLauncher, ShimStart } from './shim/shim.types.ts';
import { capabilitiesOf, compileStart, seccompChoice } from './spec/compile.ts';
import { planDevices } from './spec/devices.ts';
import { LayeredRoot } from './spec/layered-root.ts';
import { shmOptions } from './spec/mounts.ts';
import { parseSecurityOptions } from './spec/security-options.ts';
import { systemPaths } from './spec/system-paths.ts';
import { startFailure } from './start-errors.ts';
import { UserNamespaces, type UserNamespacesOptions } from './user-namespaces.ts';
import { userInRoot } from './users-in-root.ts';

export interface NativeRuntimeOptions extends HostOptions {
  /** On tmpfs, root only: shims/ and shm/ are made below it. */
  execRoot: string;
  launcher: ShimLauncher;
  calls: Pick<NodeBinding, 'isOpaqueDirectory' | 'mountTmpfs' | 'detachMount'>;
  /** Unset: containers have the host's. */
  userNamespaces?: UserNamespacesOptions;
  /** Daemon option `seccomp-profile`: `builtin` (default), `unconfined` or the text of a profile. */
  seccompProfile?: string;
  /** Default: what this machine has, with `cgroupDefaults`. */
  cgroups?: Cgroups;
  cgroupDefaults?: CgroupDefaults;
}

export class NativeRuntime implements Runtime {
  readonly capabilities: RuntimeCapabilities;
  readonly cgroups: Cgroups;
  readonly #execRoot: string;
  readonly #launcher: ShimLauncher;
  readonly #deps: ContainerDeps;
  readonly #shm: SharedShm;
  readonly #userNamespaces: UserNamespaces | undefined;
  /** Running ones by host pid: who joins a namespace names it by pid. */
  readonly #idOfPid = new Map<number, string>();

  constructor(options: NativeRuntimeOptions) {
    this.cgroups = options.cgroups ?? Cgroups.detect(options.cgroupDefaults);
    const host = readSpecHost(this.cgroups.layout.version, options);
    const { userNamespaces } = options;
    this.#userNamespaces = userNamespaces && new UserNamespaces(userNamespaces);
    const isRemapped = userNamespaces?.remap !== undefined;
    this.capabilities = runtimeCapabilities(this.cgroups.features, host.apparmor, isRemapped);
    this.#execRoot = options.execRoot;
    this.#launcher = options.launcher;
    this.#shm = new SharedShm(options.execRoot, options.calls);
    this.#deps = {
      cgroups: this.cgroups,
      seccomp: new SeccompCompiler({ arch: process.arch, kernel: release() }),
      host,
      defaultSeccomp: options.seccompProfile ?? 'builtin',
      isOpaque: options.calls.isOpaqueDirectory,
    };
  }

  async start(
    request: StartRequest,
    opts: { onCreated?: (c: RunningContainer) => void } = {},
  ): Promise<RunningContainer> {
    const start = await this.#compile(request);
    let container: NativeContainer | undefined;
    const adopt = (shim: ShimHandle) => {
      container ??= new NativeContainer(request.id, shim, request.hostConfig.CgroupParent ?? '', this.#deps);
      return container;
    };
    try {
      const shim = await this.#launcher.start(start, { onCreated: (created) => opts.onCreated?.(adopt(created)) });
      this.#remember(request.id, shim);
      return adopt(shim);
    } catch (err) {
      await this.#shm.remove(request.id);
      throw startFailure(err, request.args[0] ?? '');
    }
  }

  async reattach(id: string): Promise<Reattached> {
    const found = await this.#launcher.reattach(this.#runtimeDirectory(id));
    if (found.kind === 'exited') return found;
    if (found.kind === 'lost') return { kind: 'lost' };
    this.#remember(id, found.shim);
    const parent = this.#parentOf(found.shim.pid, id);
    return {
      kind: 'running',
      container: new NativeContainer(id, found.shim, parent, this.#deps),
      paused: found.paused,
      note: found.shim.note,
      execs: found.shim.adoptedExecs.map(({ note, exec }) => ({ note, process: exec })),
    };
  }

  async forget(id: string): Promise<void> {
    await this.#launcher.forget(this.#runtimeDirectory(id));
    await this.#shm.remove(id);
  }

  async openUserNamespace(hostConfig: HostConfig, peer?: number): Promise<UserNamespace | undefined> {
    return this.#userNamespaces?.open(hostConfig, peer);
  }

  hasUserNamespace(hostConfig: HostConfig): boolean {
    return this.#userNamespaces?.mapOf(hostConfig) !== undefined;
  }

  /** MaskedPaths and ReadonlyPaths that stand in for unset ones. */
  systemPaths(hostConfig: HostConfig): { masked: string[]; readonly: string[] } {
    const { unconfinedPaths } = parseSecurityOptions(hostConfig.SecurityOpt ?? []);
    return systemPaths(hostConfig, { unconfined: unconfinedPaths, thermal: this.#deps.host.thermalPaths });
  }

  async #compile(request: StartRequest): Promise<ShimStart> {
    const { hostConfig, config } = request;
    const { host, seccomp, defaultSeccomp, isOpaque } = this.#deps;
    const root = new LayeredRoot([request.rootfs.upper, ...request.rootfs.lowers], isOpaque);
    const who = userInRoot(root, config, hostConfig);
    const devices = await planDevices({
      privileged: Boolean(hostConfig.Privileged),
      devices: hostConfig.Devices ?? [],
      cgroupRules: hostConfig.DeviceCgroupRules ?? [],
    });
    const sharedShm = this.#sharedShmOf(request);
    const spec = compileStart(request, { who, devices, ...(sharedShm ? { sharedShm } : {}) }, host);
    const filter = seccomp.compile(seccompChoice(hostConfig, defaultSeccomp), capabilitiesOf(hostConfig, host));
    const cgroup = await this.cgroups.plan(request.id, hostConfig, devices.rules);
    // Last: nothing before it leaves anything behind.
    if (hostConfig.IpcMode === 'shareable') {
      await this.#shm.make(request.id, shmOptions(hostConfig, host.defaultShmBytes));
    }
    return {
      id: request.id,
      runtimeDirectory: this.#runtimeDirectory(request.id),
      spec,
      cgroup,
      rootfs: request.rootfs,
      network: request.network,
      ...(request.userNamespace && { userNamespace: request.userNamespace }),
      stdin: Boolean(config.OpenStdin),
      stdinOnce: Boolean(config.StdinOnce),
      heldSockets: request.heldSockets ?? [],
      ...(filter && { seccomp: filter }),
      ...(request.log ? { log: request.log } : {}),
      ...(request.note === undefined ? {} : { note: request.note }),
    };
  }

  #sharedShmOf(request: StartRequest): string | undefined {
    const mode = request.hostConfig.IpcMode ?? '';
    if (mode === 'host') return '/dev/shm';
    if (mode === 'shareable') return this.#shm.pathOf(request.id);
    const owner = request.joins?.ipc === undefined ? undefined : this.#idOfPid.get(request.joins.ipc);
    return owner === undefined ? undefined : this.#shm.pathOf(owner);
  }

  #remember(id: string, shim: ShimHandle): void {
    const { pid } = shim;
    this.#idOfPid.set(pid, id);
    void shim.exited.then(() => this.#idOfPid.delete(pid));
  }

  #runtimeDirectory(id: string): string {
    return join(this.#execRoot, 'shims', id);
  }

  /** `--cgroup-parent` of a container whose start this daemon did not see: its process says where it is. */
  #parentOf(pid: number, id: string): string {
    const text = readProcCgroup(pid);
    const path = new RegExp(`^\\d+:[^:]*:(.*)/${id}$`, 'm').exec(text)?.[1];
    return path === undefined ? '' : posix.normalize(`/${path}`);
  }
}

function readProcCgroup(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cgroup`, 'utf8');
  } catch (err) {
    const { code } = err as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return '';
    throw err;
  }
}
