/**
 * The daemon's view of cgroups: detects the layout once, plans a container's groups, and reads and updates those of
 * running ones. It keeps no record of containers: where a process is, the kernel says.
 */
import { existsSync, readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { posix } from 'node:path';
import { DockerError } from '@tsdocker/shared/errors.ts';
import type { StatsReader } from '../runtime.ts';
import type { CgroupPlan } from '../shim/shim.types.ts';
import type { DeviceRule } from '../spec/devices.ts';
import { errnoText } from '../start-errors.ts';
import { type CgroupFeatures, detectFeatures } from './features.ts';
import { type CgroupLayout, containerDirectory, DEFAULT_PARENT, detectLayout, hierarchyOf } from './layout.ts';
import { type LimitedResources, limitsOf } from './limits.ts';
import { planCgroup, type Realtime } from './plan.ts';
import { CgroupCounters, type DirectoryOf } from './stats.ts';
import { type ControllerWrite, v1Writes } from './v1.ts';
import { v2Writes } from './v2.ts';

const NO_DEFAULTS: CgroupDefaults = { parent: '', realtime: { periodMicros: 0, runtimeMicros: 0 } };

/** Daemon options. */
export interface CgroupDefaults {
  /** `cgroup-parent`; '' = the engine's own. */
  parent: string;
  /** `cpu-rt-period` and `cpu-rt-runtime`; 0 = as the parents have it. */
  realtime: Realtime;
}

export class Cgroups {
  readonly #defaults: CgroupDefaults;
  readonly layout: CgroupLayout;
  readonly features: CgroupFeatures;

  /** @throws InvalidParameter real-time defaults where there are none */
  constructor(layout: CgroupLayout, defaults = NO_DEFAULTS) {
    this.layout = layout;
    this.#defaults = defaults;
    const { mountPoint } = layout.hierarchies[0]!;
    const own = /^0::(.*)$/m.exec(readSmall('/proc/self/cgroup'))?.[1] ?? '/';
    const samples = [posix.join(mountPoint, DEFAULT_PARENT), posix.join(mountPoint, own)];
    this.features = detectFeatures(layout, { exists: existsSync, read: readSmall, samples });
    checkRealtime(defaults.realtime, this.features);
  }

  /** @throws System when no cgroup file system is mounted; InvalidParameter as the constructor */
  static detect(defaults = NO_DEFAULTS): Cgroups {
    const layout = detectLayout(readFileSync('/proc/self/mountinfo', 'utf8'), (mountPoint) =>
      readSmall(posix.join(mountPoint, 'cgroup.controllers')),
    );
    if (!layout) throw new DockerError('System', 'no cgroup file system is mounted');
    return new Cgroups(layout, defaults);
  }

  /** Reads a few small files; makes nothing. */
  async plan(id: string, resources: LimitedResources, deviceRules: readonly DeviceRule[]): Promise<CgroupPlan> {
    const limits = await limitsOf(resources);
    const parent = resources.CgroupParent || this.#defaults.parent;
    return planCgroup({
      id,
      parent,
      limits,
      deviceRules,
      realtime: this.#defaults.realtime,
      layout: this.layout,
      bfq: this.#hasBfq(),
      read: readSmall,
    });
  }

  /** Writes changed limits of a container. @throws System with the file that was refused */
  async update(id: string, resources: LimitedResources): Promise<void> {
    const directoryOf = this.#directories(id, resources.CgroupParent ?? '');
    const limits = await limitsOf(resources);
    const bfq = this.#hasBfq();
    if (this.layout.version === 2) return this.#apply(v2Writes(limits, { bfq }), directoryOf);
    const memory = directoryOf('memory');
    const swap = memory === undefined ? '' : readSmall(posix.join(memory, 'memory.memsw.limit_in_bytes')).trim();
    const current = /^\d+$/.test(swap) ? { currentMemorySwap: BigInt(swap) } : {};
    const writes = v1Writes(limits, { bfq, ...current });
    // Without a parent to fill from: what is not given keeps its value.
    if (limits.cpusetCpus) writes.push(cpusetWrite('cpuset.cpus', limits.cpusetCpus));
    if (limits.cpusetMems) writes.push(cpusetWrite('cpuset.mems', limits.cpusetMems));
    return this.#apply(writes, directoryOf);
  }

  openStats(id: string, parent: string): StatsReader {
    return new CgroupCounters(this.layout.version, this.#directories(id, parent), BigInt(totalmem()));
  }

  /** Host pids of the container's processes, the first one first. */
  async pids(id: string, parent: string): Promise<number[]> {
    const directoryOf = this.#directories(id, parent);
    const directory = this.layout.hierarchies.map((h) => directoryOf(h.controllers[0] ?? '')).find(Boolean);
    if (directory === undefined) return [];
    const text = await readFile(posix.join(directory, 'cgroup.procs'), 'utf8').catch((err: NodeJS.ErrnoException) => {
      if (err.code === 'ENOENT' || err.code === 'ENODEV') return '';
      throw err;
    });
    return text.split('\n').filter(Boolean).map(Number);
  }

  #directories(id: string, given: string): DirectoryOf {
    const parent = given || this.#defaults.parent;
    if (this.layout.version === 2) {
      const directory = containerDirectory(this.layout.hierarchies[0]!, parent, id);
      return () => directory;
    }
    return (controller) => {
      const hierarchy = hierarchyOf(this.layout, controller);
      return hierarchy && containerDirectory(hierarchy, parent, id);
    };
  }

  async #apply(writes: readonly ControllerWrite[], directoryOf: DirectoryOf): Promise<void> {
    let retry: ControllerWrite | undefined;
    for (const write of writes) {
      const directory = directoryOf(write.controller);
      if (directory === undefined) continue;
      try {
        await writeCgroup(posix.join(directory, write.file), write);
        if (retry) await writeCgroup(posix.join(directory, retry.file), retry);
        retry = undefined;
      } catch (err) {
        // A period below the running quota is refused until the quota is written, and the other way round.
        if (write.file !== 'cpu.cfs_period_us' || (err as DockerError & { errno?: string }).errno !== 'EINVAL')
          throw err;
        retry = write;
      }
    }
  }

  #hasBfq(): boolean {
    const blkio = hierarchyOf(this.layout, 'blkio')?.mountPoint;
    if (blkio) return existsSync(posix.join(blkio, 'blkio.bfq.weight'));
    return existsSync(posix.join(this.layout.hierarchies[0]!.mountPoint, DEFAULT_PARENT, 'io.bfq.weight'));
  }
}

function checkRealtime({ periodMicros, runtimeMicros }: Realtime, features: CgroupFeatures): void {
  if (periodMicros === 0 && runtimeMicros === 0) return;
  if (features.cgroupVersion === 2) {
    const why = 'daemon-scoped cpu-rt-period and cpu-rt-runtime are not implemented for cgroup v2';
    throw new DockerError('InvalidParameter', why);
  }
  if (!features.cpuRealtime) {
    throw new DockerError('InvalidParameter', 'Your kernel does not support CPU real-time scheduler');
  }
}

function cpusetWrite(file: string, value: string): ControllerWrite {
  return { controller: 'cpuset', file, value, optional: false };
}

async function writeCgroup(path: string, write: ControllerWrite): Promise<void> {
  try {
    await writeFile(path, write.value, { flag: 'r+' });
  } catch (cause) {
    const { code = '', errno = 0 } = cause as NodeJS.ErrnoException;
    if (write.optional && ['ENOENT', 'EOPNOTSUPP', 'EACCES'].includes(code)) return;
    const reason = errnoText({ code, errno: -errno });
    const error = new DockerError('System', `failed to write "${write.value}": write ${path}: ${reason}`, { cause });
    throw Object.assign(error, { errno: code });
  }
}

function readSmall(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (err) {
    const { code } = err as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENODEV' || code === 'EOPNOTSUPP') return '';
    throw err;
  }
}
