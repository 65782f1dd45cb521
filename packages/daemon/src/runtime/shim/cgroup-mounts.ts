/** What stands at a container's /sys/fs/cgroup: one mount of version 2, or a directory of version 1's hierarchies. */
import { basename, dirname } from 'node:path';
import type { OciMount } from '@tsdocker/shared/types/oci-spec.ts';

/** One version 1 hierarchy of the host. */
export interface CgroupHierarchy {
  mountPoint: string;
  /** `cpu,cpuacct`, or `name=systemd` for one without controllers. */
  controllers: string;
}

export interface CgroupLayout {
  /** In order of the mount table; empty on a host with version 2 alone. */
  hierarchies: CgroupHierarchy[];
}

const NOT_CONTROLLERS = new Set([
  'rw',
  'ro',
  'xattr',
  'noprefix',
  'clone_children',
  'cpuset_v2_mode',
  'nosuid',
  'nodev',
  'noexec',
]);

/** @param mountinfo text of /proc/self/mountinfo */
export function parseCgroupLayout(mountinfo: string): CgroupLayout {
  const hierarchies: CgroupHierarchy[] = [];
  for (const line of mountinfo.split('\n')) {
    const [before, after] = line.split(' - ');
    const [type, , options] = after?.split(' ') ?? [];
    if (type !== 'cgroup' || !before || !options) continue;
    const words = options.split(',').filter((word) => !NOT_CONTROLLERS.has(word) && !word.startsWith('release_agent='));
    const name = words.find((word) => word.startsWith('name='));
    hierarchies.push({ mountPoint: before.split(' ')[4] ?? '', controllers: name ?? words.join(',') });
  }
  return hierarchies.length === 0 ? { hierarchies: [] } : { hierarchies };
}

export interface CgroupMounts {
  mounts: OciMount[];
  /** Names of hierarchies with several controllers: cpu -> cpu,cpuacct. */
  symlinks: { target: string; path: string }[];
  /** Made read-only when everything below is in place. */
  remountReadOnly?: string;
}

/**
 * Replaces a mount of type `cgroup` by those that make it up.
 * @param join files the container joins by (CgroupPlan.join); only those hierarchies are shown
 * @param ownNamespace the container has a cgroup namespace: fresh mounts begin at its own groups
 */
export function expandCgroupMount(
  mount: OciMount,
  version: 1 | 2,
  layout: CgroupLayout,
  join: readonly string[],
  ownNamespace: boolean,
): CgroupMounts {
  const flags = mount.options.filter((option) =>
    ['ro', 'rw', 'nosuid', 'nodev', 'noexec', 'relatime'].includes(option),
  );
  if (version === 2) {
    return { mounts: [{ ...mount, type: 'cgroup2', source: 'cgroup', options: flags }], symlinks: [] };
  }
  const readOnly = flags.includes('ro');
  const root: OciMount = {
    destination: mount.destination,
    type: 'tmpfs',
    source: 'tmpfs',
    options: [...flags.filter((flag) => flag !== 'ro'), 'mode=755'],
  };
  const result: CgroupMounts = { mounts: [root], symlinks: [] };
  if (readOnly) result.remountReadOnly = mount.destination;
  for (const hierarchy of layout.hierarchies) {
    const directory = join.map(dirname).find((path) => path.startsWith(`${hierarchy.mountPoint}/`));
    if (!directory) continue;
    const name = basename(hierarchy.mountPoint);
    const destination = `${mount.destination}/${name}`;
    result.mounts.push(
      ownNamespace
        ? { destination, type: 'cgroup', source: 'cgroup', options: [...flags, ...hierarchy.controllers.split(',')] }
        : { destination, type: 'bind', source: directory, options: [...flags, 'bind', 'rprivate'] },
    );
    if (!name.includes(',')) continue;
    for (const controller of name.split(',')) {
      result.symlinks.push({ target: name, path: `${mount.destination}/${controller}` });
    }
  }
  return result;
}
