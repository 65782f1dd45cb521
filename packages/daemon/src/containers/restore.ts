/**
 * After a start of the daemon: finish what a killed one left half done, take over what runs, record what ended meanwhile,
 * and start again what its restart policy says. The shims know what runs; a record is only believed about the rest.
 */
import type { ExitStatus, Reattached } from '../runtime/runtime.ts';
import { Container } from './container.ts';
import type { Domain } from './deps.types.ts';
import { asDockerError } from './errors.ts';
import { publish } from './events.ts';
import { adoptExec, type ExecDeps } from './exec.ts';
import { type ExitDeps, handleExit } from './exit.ts';
import { haltHealthMonitor, resumeHealthMonitor } from './health.ts';
import { compressLog } from './log-compression.ts';
import { forwardLog } from './log-forwarding.ts';
import { releaseMounts } from './mounts.ts';
import { parseNetworkMode } from './network-mode.ts';
import { shouldStartAtBoot } from './restart-policy.ts';
import { removeStopped } from './rm.ts';
import { applyStartNote } from './start-note.ts';
import type { Leftover } from './store.ts';
import { formatNanos, nowNanos, parseNanos, secondsBetween } from './time.ts';

export type RestoreDeps = ExitDeps &
  ExecDeps &
  Pick<Domain, 'runtime' | 'images' | 'volumes' | 'networks' | 'logWriterConfig'>;

/** Resolves when every container has its true state; restarts go on behind. */
export async function restoreContainers(deps: RestoreDeps): Promise<void> {
  const unreadable: string[] = [];
  const { stored, leftovers } = await deps.store.load((id, cause) => {
    unreadable.push(id);
    deps.log.warn('record cannot be read, container left out', { container: id, error: asDockerError(cause).message });
  });
  await Promise.all(leftovers.map((leftover) => collect(deps, leftover)));
  const containers = stored.map(({ record, hostConfig }) => new Container(record, hostConfig));
  // A record that cannot be read may yet be mended by hand: its files stay.
  await deps.images.keepRootfs(new Set([...containers.map(({ id }) => id), ...unreadable]));
  for (const c of containers) register(deps, c);
  const wasRunning = new Set(containers.filter((c) => c.isRunning));
  await Promise.all(containers.map((c) => takeOver(deps, c)));
  await restoreNetworks(deps, containers);
  // What ended before its handlers were in place is handled now, with the networks in place.
  for (const c of containers) {
    const run = c.run;
    if (run) run.exited.then((status) => handleExit(deps, c, run, status));
  }
  for (const c of containers) forwardLog(deps, c);
  for (const c of containers) compressLog(deps, c);
  for (const c of containers) continueAfterRestore(deps, c, wasRunning.has(c));
}

function register(deps: RestoreDeps, c: Container): void {
  try {
    deps.index.reserve(c.name, c.id);
  } catch {
    // Two records of one name: a rename was cut between the two. The older keeps it; this one is found by id.
    c.record.name = c.id.slice(0, 12);
    deps.index.reserve(c.name, c.id);
  }
  deps.index.add(c);
}

/** The rest of a creation or removal that was cut short. */
async function collect(deps: RestoreDeps, { id, directory, record, volumes, removeVolumes }: Leftover): Promise<void> {
  try {
    await deps.images.removeRootfs(id);
    if (record) await releaseMounts(deps, id, record.mounts, removeVolumes);
    for (const name of volumes) await deps.volumes.remove(name, { force: true });
    await deps.runtime.forget(id);
    deps.store.discard(directory);
  } catch (err) {
    deps.log.warn('leftover not removed', { container: id, error: asDockerError(err).message });
  }
}

async function takeOver(deps: RestoreDeps, c: Container): Promise<void> {
  for (const m of c.record.mounts) {
    if (m.Type !== 'volume' || !m.Name) continue;
    await deps.volumes.acquire(m.Name, c.id).catch((err) =>
      deps.log.warn('volume of container is gone', {
        container: c.id,
        volume: m.Name,
        error: asDockerError(err).message,
      }),
    );
  }
  try {
    const found = await deps.runtime.reattach(c.id);
    if (found.kind === 'running') adopt(deps, c, found);
    else if (found.kind === 'exited') await ended(deps, c, found.status);
    else if (c.isRunning && c.status !== 'restarting') await ended(deps, c, lostExit());
    // What a start left that never came to an end.
    else await deps.runtime.forget(c.id);
  } catch (err) {
    deps.log.warn('container not taken over', { container: c.id, error: asDockerError(err).message });
  }
}

/** No trace of it: the machine went down, or someone removed the runtime directory. */
function lostExit(): ExitStatus {
  return { exitCode: 255, oomKilled: false, finishedAt: nowNanos() };
}

function adopt(deps: RestoreDeps, c: Container, found: Reattached & { kind: 'running' }): void {
  const { container: run, paused } = found;
  c.run = run;
  applyStartNote(c, run.startedAt, found.note);
  const { state } = c.record;
  state.status = paused ? 'paused' : 'running';
  Object.assign(state, { pid: run.pid, startedAt: formatNanos(run.startedAt), exitCode: 0, error: '' });
  run.onOom(() => publish(deps.events, c, 'oom'));
  if (!paused) resumeHealthMonitor(deps, c);
  c.previousGone = run.gone;
  for (const { note, process } of found.execs) adoptExec(deps, c, note, process);
}

async function ended(deps: RestoreDeps, c: Container, status: ExitStatus): Promise<void> {
  // The record may be older than the run that ended (created), or newer than its end (exited, but not forgotten).
  if (c.status !== 'exited') {
    const { finishedAt, exitCode, oomKilled } = status;
    const execDuration = secondsBetween(parseNanos(c.record.state.startedAt), finishedAt);
    Object.assign(c.record.state, {
      status: 'exited',
      pid: 0,
      exitCode,
      oomKilled,
      finishedAt: formatNanos(finishedAt),
    });
    haltHealthMonitor(c);
    publish(deps.events, c, 'die', { exitCode: String(exitCode), execDuration });
    await deps.store.save(c);
  }
  await deps.runtime.forget(c.id);
}

async function restoreNetworks(deps: RestoreDeps, containers: Container[]): Promise<void> {
  const running = containers.flatMap((c) => {
    if (!c.run || parseNetworkMode(c.hostConfig.NetworkMode).kind !== 'network') return [];
    const [entry] = Object.entries(c.record.network.networks);
    if (!entry) return [];
    const [network, endpoint] = entry;
    const { pid } = c.run;
    return [{ containerId: c.id, containerName: c.name, pid, network, endpoint, ports: c.record.network.ports }];
  });
  await deps.networks.restore(running);
  for (const c of containers) if (!c.run) forgetNetwork(c);
}

/** The addresses of a run that is over; fixed ones stay asked for. */
function forgetNetwork(c: Container): void {
  const kept = Object.entries(c.record.network.networks).map(([name, e]) => {
    const { IPAMConfig, Links, Aliases, DriverOpts, GwPriority, EndpointID, MacAddress } = e;
    return [name, { IPAMConfig, Links, Aliases, DriverOpts, GwPriority, ...(EndpointID ? {} : { MacAddress }) }];
  });
  c.record.network = { sandboxId: '', networks: Object.fromEntries(kept), ports: {} };
}

function continueAfterRestore(deps: RestoreDeps, c: Container, wasRunning: boolean): void {
  if (c.run) return;
  const state = c.record.state;
  // A restart that was waiting, a removal that was under way: neither is any more.
  if (c.status === 'restarting' || c.status === 'running' || c.status === 'paused') state.status = 'exited';
  if (c.status === 'removing') state.status = 'dead';
  const fail = (what: string) => (err: unknown) =>
    deps.log.warn(what, { container: c.id, error: asDockerError(err).message });
  if (c.hostConfig.AutoRemove && c.status === 'exited') {
    removeStopped(deps, c, { volumes: true }).catch(fail('container not removed'));
    return;
  }
  const { exitCode } = state;
  const { manuallyStopped, restartCount: restarts } = c.record;
  const last = { manuallyStopped, exitCode, restarts, wasRunning };
  if (c.status === 'exited' && shouldStartAtBoot(c.hostConfig.RestartPolicy, last)) {
    deps.relaunch(c, 'exited').catch(fail('container not started'));
  }
}
