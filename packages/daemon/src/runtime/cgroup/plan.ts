/** Joins limits, devices and layout into the CgroupPlan the shim carries out. */
import { posix } from 'node:path';
import type { CgroupPlan } from '../shim/shim.types.ts';
import type { DeviceRule } from '../spec/devices.ts';
import { cpusetWrites, levelsBelow } from './cpuset.ts';
import { deviceProgram } from './device-program.ts';
import { type CgroupLayout, containerDirectory, type Hierarchy, hierarchyOf } from './layout.ts';
import type { CgroupLimits } from './limits.ts';
import { type ControllerWrite, v1DeviceWrites, v1Writes } from './v1.ts';
import { v2Writes } from './v2.ts';

/** Microseconds; 0 = as it is. */
export interface Realtime {
  periodMicros: number;
  runtimeMicros: number;
}

export interface PlanInput {
  id: string;
  /** HostConfig.CgroupParent */
  parent: string;
  limits: CgroupLimits;
  deviceRules: readonly DeviceRule[];
  /** Of the parents, cgroup v1 only. */
  realtime: Realtime;
  layout: CgroupLayout;
  /** Some block device schedules with BFQ, so its own weight files exist. */
  bfq: boolean;
  /** Content of a small file, '' when missing. */
  read: (path: string) => string;
}

/** v2 controllers containers are limited by. */
const V2_ENABLED = ['cpuset', 'cpu', 'io', 'memory', 'pids', 'hugetlb'];

export function planCgroup(input: PlanInput): CgroupPlan {
  return input.layout.version === 2 ? planV2(input) : planV1(input);
}

function planV1(input: PlanInput): CgroupPlan {
  const { layout, limits } = input;
  const directories = new Map<string, boolean>();
  for (const hierarchy of layout.hierarchies) addLevels(directories, hierarchy, directoryIn(hierarchy, input));
  const plan: CgroupPlan = {
    version: 1,
    directories: [...directories].map(([path, own]) => ({ path, own })),
    writes: [],
    join: layout.hierarchies.map((h) => posix.join(directoryIn(h, input), 'tasks')),
  };
  const cpuset = hierarchyOf(layout, 'cpuset');
  if (cpuset) {
    const wanted = {
      ...(limits.cpusetCpus ? { cpus: limits.cpusetCpus } : {}),
      ...(limits.cpusetMems ? { mems: limits.cpusetMems } : {}),
    };
    const writes = cpusetWrites(cpuset.mountPoint, directoryIn(cpuset, input), wanted, input.read);
    plan.writes.push(...writes.map((write) => ({ ...write, optional: false })));
  }
  plan.writes.push(...realtimeWrites(input));
  plan.writes.push(...place(v1Writes(limits, { bfq: input.bfq }), input));
  plan.writes.push(...place(v1DeviceWrites(input.deviceRules), input));
  const memory = hierarchyOf(layout, 'memory');
  const freezer = hierarchyOf(layout, 'freezer');
  if (memory) plan.memoryDirectory = directoryIn(memory, input);
  if (freezer) plan.freezerDirectory = directoryIn(freezer, input);
  return plan;
}

/** A group may have no more real-time than the one above it: from the top down, the period before its share. */
function realtimeWrites(input: PlanInput): CgroupPlan['writes'] {
  const cpu = hierarchyOf(input.layout, 'cpu');
  if (!cpu) return [];
  const { periodMicros, runtimeMicros } = input.realtime;
  return levelsBelow(cpu.mountPoint, directoryIn(cpu, input))
    .slice(0, -1)
    .flatMap((level) => [
      { path: posix.join(level, 'cpu.rt_period_us'), value: String(periodMicros), optional: false },
      { path: posix.join(level, 'cpu.rt_runtime_us'), value: String(runtimeMicros), optional: false },
    ])
    .filter((write) => write.value !== '0');
}

function planV2(input: PlanInput): CgroupPlan {
  const hierarchy = input.layout.hierarchies[0]!;
  const directory = directoryIn(hierarchy, input);
  const directories = new Map<string, boolean>();
  addLevels(directories, hierarchy, directory);
  return {
    version: 2,
    directories: [...directories].map(([path, own]) => ({ path, own })),
    writes: [...subtreeWrites(hierarchy, directory, input), ...place(v2Writes(input.limits, input), input)],
    join: [directory],
    memoryDirectory: directory,
    freezerDirectory: directory,
    deviceProgram: deviceProgram(input.deviceRules),
  };
}

/** Enables controllers from the top down to the parent, one write each: one that is not to be had must not stop the others. */
function subtreeWrites(hierarchy: Hierarchy, directory: string, input: PlanInput): CgroupPlan['writes'] {
  const wanted = V2_ENABLED.filter((name) => hierarchy.controllers.includes(name));
  const inner = [hierarchy.mountPoint, ...levelsBelow(hierarchy.mountPoint, directory).slice(0, -1)];
  return inner.flatMap((level) => {
    const path = posix.join(level, 'cgroup.subtree_control');
    const enabled = input.read(path).trim().split(/\s+/);
    return wanted
      .filter((name) => !enabled.includes(name))
      .map((name) => ({ path, value: `+${name}`, optional: true }));
  });
}

function addLevels(directories: Map<string, boolean>, hierarchy: Hierarchy, directory: string): void {
  for (const level of levelsBelow(hierarchy.mountPoint, directory)) directories.set(level, level === directory);
}

/** A controller this machine lacks was warned about at create; its writes go nowhere. */
function place(writes: ControllerWrite[], input: PlanInput): CgroupPlan['writes'] {
  return writes.flatMap(({ controller, file, value, optional }) => {
    const hierarchy = hierarchyOf(input.layout, controller);
    return hierarchy ? [{ path: posix.join(directoryIn(hierarchy, input), file), value, optional }] : [];
  });
}

function directoryIn(hierarchy: Hierarchy, input: Pick<PlanInput, 'parent' | 'id'>): string {
  return containerDirectory(hierarchy, input.parent, input.id);
}
