/** /sys/fs/cgroup of a container: the unified tree, or on v1 a tmpfs with each hierarchy in it. */
import { posix } from 'node:path';
import type { OciMount } from '@tsdocker/shared/types/oci-spec.ts';

export interface CgroupMountInput {
  version: 1 | 2;
  /** The container sees its own cgroup as the root. */
  privateNamespace: boolean;
  writable: boolean;
  /** v1: each hierarchy, with the container's directory in it. */
  hierarchies: readonly CgroupHierarchyMount[];
}

export interface CgroupHierarchyMount {
  /** Below /sys/fs/cgroup: `memory`, `cpu,cpuacct`, `systemd`. */
  name: string;
  /** Controllers, or `name=systemd`. */
  controllers: readonly string[];
  /** The container's directory; exists when the mounts are made. */
  directory: string;
}

const ROOT = '/sys/fs/cgroup';

/**
 * On v1 the tmpfs must stay writable until the mount points in it exist; who compiles the spec lists ROOT among the
 * read-only paths, which are applied last.
 */
export function cgroupMounts(input: CgroupMountInput): OciMount[] {
  const access = input.writable ? [] : ['ro'];
  const flags = ['nosuid', 'noexec', 'nodev'];
  if (input.version === 2) {
    return [{ destination: ROOT, type: 'cgroup2', source: 'cgroup', options: [...flags, ...access] }];
  }
  const mounts: OciMount[] = [{ destination: ROOT, type: 'tmpfs', source: 'tmpfs', options: [...flags, 'mode=755'] }];
  for (const hierarchy of input.hierarchies) {
    // Programs look for `cpu` and for `cpu,cpuacct`: a hierarchy of several controllers appears under all its names.
    const separate = hierarchy.controllers.length > 1 ? hierarchy.controllers : [];
    for (const name of new Set([hierarchy.name, ...separate])) {
      const destination = posix.join(ROOT, name);
      mounts.push(
        input.privateNamespace
          ? { destination, type: 'cgroup', source: 'cgroup', options: [...flags, ...access, ...hierarchy.controllers] }
          : {
              destination,
              type: 'bind',
              source: hierarchy.directory,
              options: ['bind', 'rprivate', ...flags, ...access],
            },
      );
    }
  }
  return mounts;
}
