/**
 * The container domain: records, states, processes and execs of containers.
 *
 * Kept: `<data-root>/containers/<id>/` (store.ts says how it survives a crash), and in memory the index by id, prefix and name.
 * Each container has one lock, held while it changes state (start, exit, signals, pause, rename, update, removal) and never while
 * waiting for its process to end, so that a kill can overtake a stop. No lock spans two containers.
 */
import type { ImageUsers } from '../images/service.types.ts';
import { getArchive, putArchive, statPath } from './archive.ts';
import { attachContainer } from './attach.ts';
import { containerChanges } from './changes.ts';
import { commitContainer } from './commit.ts';
import type { Container } from './container.ts';
import { ContainerIndex } from './container-index.ts';
import { createContainer } from './create.ts';
import type { ContainersDeps } from './deps.types.ts';
import { isRestarting } from './errors.ts';
import { createExec, ExecTable, resizeExec, startExec } from './exec.ts';
import { exportContainer } from './export.ts';
import { inspectContainer } from './inspect.ts';
import { killContainer } from './kill.ts';
import { listContainers } from './list.ts';
import { containerLogs } from './logs.ts';
import { pauseContainer, unpauseContainer } from './pause.ts';
import { pruneContainers } from './prune.ts';
import { renameContainer } from './rename.ts';
import { resizeContainer } from './resize.ts';
import { restartContainer } from './restart.ts';
import { restoreContainers } from './restore.ts';
import { removeContainer } from './rm.ts';
import type { ContainerService } from './service.types.ts';
import { launch, type StartDeps, startContainer } from './start.ts';
import { containerStats } from './stats.ts';
import { StatsCollector } from './stats-collector.ts';
import { stopContainer } from './stop.ts';
import { ContainerStore } from './store.ts';
import { topContainer } from './top.ts';
import { updateContainer } from './update.ts';
import { waitContainer } from './wait.ts';

/** Call `restore()` before anything else. Also answers which containers use an image. */
export async function createContainerService(deps: ContainersDeps): Promise<ContainerService & ImageUsers> {
  const index = new ContainerIndex();
  const store = new ContainerStore(deps.config.dataRoot);
  await store.prepare();
  let closing = false;
  const isClosing = () => closing;
  const domain: StartDeps & ContainersDeps & { execs: ExecTable } = {
    ...deps,
    index,
    store,
    execs: new ExecTable(),
    isClosing,
    relaunch: (c, from) => relaunch(domain, c, from),
  };
  const statsCollector = new StatsCollector(deps);
  const get = (ref: string) => index.get(ref);

  return {
    create: (opts) => createContainer(domain, opts),
    start: async (ref) => startContainer(domain, get(ref)),
    stop: async (ref, opts) => stopContainer(domain, get(ref), ref, opts),
    restart: async (ref, opts) => restartContainer(domain, get(ref), ref, opts),
    kill: async (ref, opts) => killContainer(domain, () => get(ref), ref, opts.signal),
    pause: async (ref) => pauseContainer(domain, get(ref)),
    unpause: async (ref) => unpauseContainer(domain, get(ref)),
    rename: async (ref, name) => renameContainer(domain, get(ref), name),
    remove: async (ref, opts) => removeContainer(domain, get(ref), ref, opts),
    update: async (ref, hostConfig) => updateContainer(domain, get(ref), hostConfig),
    wait: async (ref, opts) => ({ result: waitContainer(get(ref), opts) }),
    list: (opts) => listContainers(domain, opts),
    inspect: async (ref, opts) => inspectContainer(domain, get(ref), opts),
    logs: async (ref, opts) => containerLogs(domain, get(ref), opts),
    attach: async (ref, opts, open) => attachContainer(domain, get(ref), { ...opts, ref }, open),
    resize: async (ref, size) => resizeContainer(domain, get(ref), size),
    top: async (ref, psArgs) => topContainer(domain, get(ref), psArgs),
    stats: async (ref, opts) => {
      const c = get(ref);
      if (c.status === 'restarting' && !opts.stream) throw isRestarting(c.id);
      return containerStats(statsCollector, c, opts);
    },
    changes: async (ref) => containerChanges(domain, get(ref)),
    export: async (ref, open) => exportContainer(domain, get(ref), open),
    commit: async (ref, opts) => commitContainer(domain, get(ref), opts),
    statPath: async (ref, path) => statPath(domain, get(ref), ref, path),
    getArchive: async (ref, path, open) => getArchive(domain, get(ref), ref, path, open),
    putArchive: async (ref, upload) => putArchive(domain, get(ref), ref, upload),
    prune: (filters) => pruneContainers(domain, filters),
    execCreate: async (ref, config) => createExec(domain, get(ref), config, ref),
    execStart: (id, opts, open) => startExec(domain, id, opts, open),
    execInspect: async (id) => domain.execs.get(id).inspect(),
    execResize: (id, size) => resizeExec(domain, id, size),
    counts: () => countStates(index.values()),
    containersOf: (imageId) =>
      [...index.values()].filter((c) => c.record.imageId === imageId).map((c) => ({ id: c.id, running: c.isRunning })),
    restore: () => restoreContainers(domain),
    close: async () => {
      closing = true;
      for (const c of index.values()) {
        c.cancelRestart();
        c.health?.stop();
      }
      await deps.logForwarding?.close();
      await deps.logCompression?.close();
      await store.close();
    },
  };
}

/** A restart by policy or at daemon start: nothing happens if a user was faster. */
async function relaunch(deps: StartDeps, c: Container, from: 'restarting' | 'exited'): Promise<void> {
  await c.lock.run(async () => {
    if (c.status !== from || c.removed || deps.isClosing()) return;
    await launch(deps, c);
  });
}

function countStates(containers: Iterable<Container>) {
  const counts = { total: 0, running: 0, paused: 0, stopped: 0 };
  for (const c of containers) {
    counts.total++;
    if (c.status === 'paused') counts.paused++;
    else if (c.isRunning) counts.running++;
    else counts.stopped++;
  }
  return counts;
}
