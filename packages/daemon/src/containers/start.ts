/** ContainerStart, and every other start (restart policy, restart, restore): network, files and mounts at once, then the process. */
import type { Rootfs, RunningContainer, StartRequest, UserNamespace } from '../runtime/runtime.ts';
import type { Container } from './container.ts';
import type { Domain } from './deps.types.ts';
import { checkDeviceRequests } from './device-requests.ts';
import { containerEnv } from './environment.ts';
import { asDockerError, conflict, notModified } from './errors.ts';
import { etcMounts, writeHosts, writeNameAndResolver } from './etc-files.ts';
import { publish, publishVolumes } from './events.ts';
import { type ExitDeps, handleExit } from './exit.ts';
import { startHealthMonitor } from './health.ts';
import { linkEnvironment } from './links.ts';
import { compressLog } from './log-compression.ts';
import { logFileOf } from './log-file.ts';
import { forwardLog, logInfoOf } from './log-forwarding.ts';
import { argvOf } from './merge-image.ts';
import { resolveMounts } from './mounts.ts';
import { type AttachedNetwork, attachNetwork, detachNetwork, runningPeer } from './network-attach.ts';
import { parseNetworkMode } from './network-mode.ts';
import { removeStopped } from './rm.ts';
import { startNote } from './start-note.ts';
import { formatNanos, NEVER } from './time.ts';

export type StartDeps = ExitDeps &
  Pick<Domain, 'runtime' | 'images' | 'networks' | 'etc' | 'config' | 'log' | 'logWriterConfig'>;

/** @throws NotModified already running; Conflict paused or being removed; else why it could not start, with State.Error and ExitCode set */
export async function startContainer(deps: StartDeps, c: Container): Promise<void> {
  let isLaunching = false;
  const start = c.lock.run(async () => {
    if (c.removed || c.status === 'removing' || c.status === 'dead') {
      throw conflict('container is marked for removal and cannot be started');
    }
    if (c.status === 'paused') throw conflict('cannot start a paused container, try unpause instead');
    if (c.isRunning) throw notModified('started');
    c.record.manuallyStopped = false;
    c.record.restartCount = 0;
    c.restartDelay = 0;
    isLaunching = true;
    await launch(deps, c);
  });
  try {
    await start;
  } catch (err) {
    if (isLaunching && c.hostConfig.AutoRemove) await removeStopped(deps, c, { volumes: true });
    throw err;
  }
}

/** Starts the process; the caller holds the lock. After a failure a new container is `created` still, any other `exited`. */
export async function launch(deps: StartDeps, c: Container): Promise<void> {
  let network: AttachedNetwork | undefined;
  let userNamespace: UserNamespace | undefined;
  try {
    checkDeviceRequests(c.hostConfig.DeviceRequests ?? []);
    await c.untilCleanedUp();
    const joins = joinsOf(deps, c);
    userNamespace = await deps.runtime.openUserNamespace(
      c.hostConfig,
      joins?.ipc ?? joins?.pid ?? networkPeer(deps, c),
    );
    const [attached, , rootfs] = await settled([
      attachNetwork(deps, c, userNamespace?.fd).then(async (n) => {
        network = n;
        await writeHosts(deps, c, n);
        return n;
      }),
      writeNameAndResolver(deps, c),
      takeRootfs(deps, c),
    ]);
    if (attached.sharedWith) takeNameOf(c, attached.sharedWith);
    const mounts = await resolveMounts(c, etcMounts(deps, c, attached), userNamespace?.root);
    publishVolumes(deps.events, c, 'mount');
    const request: StartRequest = {
      ...processOf(deps, c),
      rootfs,
      mounts,
      network: attached.namespace,
      joins,
      ...(userNamespace && { userNamespace }),
      log: logOf(deps, c),
      heldSockets: attached.heldSockets,
      note: startNote(c),
    };
    await deps.logForwarding?.probe(c.hostConfig.LogConfig ?? {}, logInfoOf(c));
    const run = await deps.runtime.start(request, { onCreated: (created) => c.signals.emit('created', created) });
    await started(deps, c, run);
  } catch (err) {
    throw await failed(deps, c, err, network);
  } finally {
    userNamespace?.close();
  }
}

/** Mounted once, also by a start that fails, it has to be prepared again. */
function takeRootfs(deps: Pick<Domain, 'images'>, c: Container): Rootfs | Promise<Rootfs> {
  const unused = c.unusedRootfs;
  c.unusedRootfs = undefined;
  return unused ?? deps.images.rootfsOf(c.id);
}

/** As Promise.all, but waits for all of them before it throws: a failing start must not undo what still goes on. */
async function settled<T extends readonly unknown[]>(parts: T): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  const results = await Promise.allSettled(parts);
  return results.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  }) as { -readonly [K in keyof T]: Awaited<T[K]> };
}

/** Who shares another container's network shares its name there; inspect shows it from now on. */
function takeNameOf(c: Container, other: Container): void {
  const { Hostname, Domainname } = other.record.config;
  Object.assign(c.record.config, { Hostname, Domainname });
}

function processOf(deps: Pick<Domain, 'index'>, c: Container) {
  const { config } = c.record;
  const hostname = config.Hostname ?? '';
  return {
    id: c.id,
    config,
    hostConfig: c.hostConfig,
    args: argvOf(config),
    env: containerEnv(config, hostname, linkEnvironment(deps, c)),
    hostname: config.Domainname ? `${hostname}.${config.Domainname}` : hostname,
  };
}

function joinsOf(deps: Pick<Domain, 'index'>, c: Container): StartRequest['joins'] {
  const pidOf = (mode: string | undefined, what: 'IPC' | 'PID') =>
    mode?.startsWith('container:')
      ? runningPeer(deps, mode.slice('container:'.length), what).record.state.pid
      : undefined;
  return { ipc: pidOf(c.hostConfig.IpcMode, 'IPC'), pid: pidOf(c.hostConfig.PidMode, 'PID') };
}

/** Pid of the container whose network namespace is joined. */
function networkPeer(deps: Pick<Domain, 'index'>, c: Container): number | undefined {
  const mode = parseNetworkMode(c.hostConfig.NetworkMode);
  return mode.kind === 'container' ? runningPeer(deps, mode.ref, 'network').record.state.pid : undefined;
}

function logOf(deps: Pick<Domain, 'store' | 'logWriterConfig'>, c: Container): StartRequest['log'] {
  const writer = deps.logWriterConfig(c.hostConfig.LogConfig ?? {}, logInfoOf(c));
  return writer && { path: logFileOf(deps, c).path, ...writer };
}

async function started(deps: StartDeps, c: Container, run: RunningContainer): Promise<void> {
  c.run = run;
  c.become('running', {
    pid: run.pid,
    exitCode: 0,
    error: '',
    oomKilled: false,
    startedAt: formatNanos(run.startedAt),
    finishedAt: c.record.state.finishedAt || NEVER,
  });
  forwardLog(deps, c);
  compressLog(deps, c);
  run.onOom(() => publish(deps.events, c, 'oom'));
  run.exited.then((status) => handleExit(deps, c, run, status));
  // From here on nothing may fail the start: the program runs.
  await networkStarted(deps, c, run.pid);
  publish(deps.events, c, 'start');
  startHealthMonitor(deps, c);
  // Not awaited: that the container runs is known by its shim, and restore() asks the shim.
  deps.store.save(c).catch((err) => deps.log.warn('record not written', { container: c.id, error: err.message }));
}

async function networkStarted(deps: StartDeps, c: Container, pid: number): Promise<void> {
  if (parseNetworkMode(c.hostConfig.NetworkMode).kind !== 'network') return;
  await deps.networks
    .started(c.id, pid)
    .catch((err) =>
      deps.log.warn('network was not told of the start', { container: c.id, error: asDockerError(err).message }),
    );
}

/** Undoes the network, keeps code and message for inspect, and ends attaches that waited for this start. */
async function failed(
  deps: StartDeps,
  c: Container,
  err: unknown,
  network: AttachedNetwork | undefined,
): Promise<unknown> {
  const { message } = asDockerError(err);
  const exitCode = (err as { exitCode?: number }).exitCode ?? 128;
  if (network) {
    publishVolumes(deps.events, c, 'unmount');
    await detachNetwork(deps, c).catch((cause) =>
      deps.log.warn('network not detached', { container: c.id, error: asDockerError(cause).message }),
    );
  }
  c.become(c.status === 'created' ? 'created' : 'exited', { pid: 0, exitCode, error: message });
  c.signals.emit('failed');
  await deps.store
    .save(c)
    .catch((cause) => deps.log.warn('record not written', { container: c.id, error: cause.message }));
  return err;
}
