/** Where this machine's cgroup hierarchies are. @see cgroups(7), proc_pid_mountinfo(5) */
import { posix } from 'node:path';

export interface Hierarchy {
  /** Base name of the mount point: `memory`, `cpu,cpuacct`, `systemd`; '' for the unified one. */
  name: string;
  mountPoint: string;
  /** v1: its controllers or `name=systemd`. v2: what cgroup.controllers of the mount's root lists. */
  controllers: string[];
}

export interface CgroupLayout {
  /** 1 as soon as one resource controller is on v1 (hybrid): only then is the v2 tree empty of what limits need. */
  version: 1 | 2;
  /** Of that version. */
  hierarchies: Hierarchy[];
}

/** Everything a container may be put into; v1 named hierarchies count too. */
const V1_CONTROLLERS = new Set(
  'cpu cpuacct cpuset memory devices freezer blkio pids hugetlb net_cls net_prio perf_event rdma misc'.split(' '),
);

/**
 * @param mountinfo text of /proc/self/mountinfo
 * @param readControllers content of cgroup.controllers in the v2 mount point
 * @returns undefined when no cgroup file system is mounted
 */
export function detectLayout(
  mountinfo: string,
  readControllers: (mountPoint: string) => string,
): CgroupLayout | undefined {
  const v1 = new Map<string, Hierarchy>();
  let unified: string | undefined;
  for (const line of mountinfo.split('\n')) {
    const mount = parseMount(line);
    if (mount?.type === 'cgroup2') unified ??= mount.point;
    if (mount?.type !== 'cgroup') continue;
    const controllers = mount.superOptions.filter((o) => V1_CONTROLLERS.has(o) || o.startsWith('name='));
    const key = controllers.join();
    if (controllers.length === 0 || v1.has(key)) continue; // mounted a second time elsewhere
    v1.set(key, { name: posix.basename(mount.point), mountPoint: mount.point, controllers });
  }
  const hierarchies = [...v1.values()];
  if (hierarchies.some((h) => h.controllers.some((name) => V1_CONTROLLERS.has(name)))) {
    return { version: 1, hierarchies };
  }
  if (unified === undefined) return undefined;
  const controllers = readControllers(unified).split(/\s+/).filter(Boolean);
  return { version: 2, hierarchies: [{ name: '', mountPoint: unified, controllers }] };
}

/** The hierarchy of a v1 controller, or the unified one when it has it. */
export function hierarchyOf(layout: CgroupLayout, controller: string): Hierarchy | undefined {
  return layout.hierarchies.find((h) => h.controllers.includes(controller));
}

function parseMount(line: string): { point: string; type: string; superOptions: string[] } | undefined {
  const [left, right] = line.split(' - ');
  if (right === undefined) return undefined;
  const point = left!.split(' ')[4];
  const [type = '', , superOptions = ''] = right.split(' ');
  return point === undefined ? undefined : { point: decodeOctal(point), type, superOptions: superOptions.split(',') };
}

function decodeOctal(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/**
 * The directory of a container below a mount point. `--cgroup-parent` may not leave the mount.
 * @param parent as typed; '' = the engine's own. Relative ones count from the mount's root, as an absolute one does
 */
export function containerDirectory(hierarchy: Pick<Hierarchy, 'mountPoint'>, parent: string, id: string): string {
  const inside = posix.normalize(`/${parent || DEFAULT_PARENT}`);
  return posix.join(hierarchy.mountPoint, inside, id);
}

export const DEFAULT_PARENT = 'tsdocker';
