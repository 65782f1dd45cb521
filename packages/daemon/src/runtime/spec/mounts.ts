/** What is mounted in a container, in order: the defaults, then the user's by depth. */
import { posix } from 'node:path';
import type { HostConfig } from '@tsdocker/shared/types/container.ts';
import type { OciMount } from '@tsdocker/shared/types/oci-spec.ts';
import type { ResolvedMount } from '../runtime.ts';
import { mergeMountOptions } from './mount-options.ts';
import { hasOwnIpc } from './namespaces.ts';

export interface MountInput {
  hostConfig: Pick<HostConfig, 'Privileged' | 'ReadonlyRootfs' | 'ShmSize' | 'IpcMode' | 'Tmpfs'>;
  /** The user's and the daemon's; a destination listed twice counts once, the last one. */
  mounts: readonly ResolvedMount[];
  /** The container may write to its cgroups. */
  writableCgroups: boolean;
  /** Host path of the init program to bind at INIT_PATH; undefined without --init. */
  initPath?: string;
  /** Bound at /dev/shm: the host's, or the one a shareable container and its peers share. */
  sharedShm?: string;
  defaultShmBytes: number;
  /** The kernel can make a whole tree read-only (mount_setattr, 5.12). */
  recursiveReadOnly: boolean;
  /** The container has one of its own. */
  userNamespace: boolean;
}

export const INIT_PATH = '/sbin/docker-init';

const NETWORK_FILES = new Set(['/etc/resolv.conf', '/etc/hostname', '/etc/hosts']);
/** Stay writable with --read-only. */
const ALWAYS_WRITABLE = new Set(['/proc', '/dev', '/dev/pts', '/dev/shm', '/dev/mqueue']);
const PROPAGATIONS = new Set(['private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave']);

export function mountsOf(input: MountInput): OciMount[] {
  const user = new Map<string, OciMount>();
  for (const [destination, options] of Object.entries(input.hostConfig.Tmpfs ?? {})) {
    const words = options.split(',').filter(Boolean);
    const mount = tmpfs({ type: 'tmpfs', source: 'tmpfs', destination, readOnly: false, options: words });
    user.set(posix.normalize(destination), mount);
  }
  for (const mount of input.mounts) user.set(posix.normalize(mount.destination), toOci(mount, input));
  const replaced = (m: OciMount) => user.has(m.destination) || (user.has('/dev') && m.destination.startsWith('/dev/'));
  const defaults = defaultMounts(input).filter((m) => !replaced(m));
  const byDepth = [...user.values()].sort((a, b) => depth(a.destination) - depth(b.destination));
  return [...defaults, ...byDepth];
}

/** The strongest propagation any mount needs; a shared mount in a private root would receive nothing. */
export function rootfsPropagation(mounts: readonly ResolvedMount[]): string | undefined {
  const wanted = mounts.map((m) => m.propagation?.replace(/^r/, ''));
  if (wanted.includes('shared')) return 'rshared';
  return wanted.includes('slave') ? 'rslave' : undefined;
}

function defaultMounts(input: MountInput): OciMount[] {
  const { hostConfig } = input;
  const sysAccess = hostConfig.Privileged ? [] : ['ro'];
  const mounts: OciMount[] = [
    fs('/proc', 'proc', 'proc', 'nosuid', 'noexec', 'nodev'),
    fs('/dev', 'tmpfs', 'tmpfs', 'nosuid', 'strictatime', 'mode=755', 'size=65536k'),
    fs('/dev/pts', 'devpts', 'devpts', 'nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'),
    fs('/sys', 'sysfs', 'sysfs', 'nosuid', 'noexec', 'nodev', ...sysAccess),
    // One mount on every cgroup version: the shim makes v1's tree of hierarchies of it.
    fs('/sys/fs/cgroup', 'cgroup', 'cgroup', 'nosuid', 'noexec', 'nodev', ...(input.writableCgroups ? [] : ['ro'])),
    fs('/dev/mqueue', 'mqueue', 'mqueue', 'nosuid', 'noexec', 'nodev'),
    ...shmMount(input),
  ];
  if (input.initPath) mounts.push(fs(INIT_PATH, 'bind', input.initPath, 'bind', 'ro'));
  if (!hostConfig.ReadonlyRootfs) return mounts;
  return mounts.map((m) =>
    ALWAYS_WRITABLE.has(m.destination) || m.options.includes('ro') ? m : { ...m, options: [...m.options, 'ro'] },
  );
}

function shmMount(input: MountInput): OciMount[] {
  if (input.sharedShm) return [fs('/dev/shm', 'bind', input.sharedShm, 'rbind', 'rprivate')];
  if (input.hostConfig.IpcMode === 'none' || !hasOwnIpc(input.hostConfig)) return [];
  return [fs('/dev/shm', 'tmpfs', 'shm', ...shmOptions(input.hostConfig, input.defaultShmBytes))];
}

/** Options of the tmpfs at /dev/shm. */
export function shmOptions(hostConfig: Pick<HostConfig, 'ShmSize'>, defaultBytes: number): string[] {
  return ['nosuid', 'noexec', 'nodev', 'mode=1777', `size=${hostConfig.ShmSize || defaultBytes}`];
}

function toOci(mount: ResolvedMount, input: MountInput): OciMount {
  if (mount.type === 'tmpfs') return tmpfs(mount);
  const destination = posix.normalize(mount.destination);
  const given = mount.options ?? [];
  const readOnly = mount.readOnly || Boolean(input.hostConfig.ReadonlyRootfs && NETWORK_FILES.has(destination));
  const options = [mount.nonRecursive ? 'bind' : 'rbind', propagationOf(mount), ...given];
  if (mount.mapped && input.userNamespace) options.push('idmap');
  if (readOnly && !given.includes('ro') && !given.includes('rro')) {
    options.push(mount.nonRecursive || !input.recursiveReadOnly ? 'ro' : 'rro');
  }
  return { destination, type: 'bind', source: mount.source, options };
}

function tmpfs(mount: ResolvedMount): OciMount {
  const options = mergeMountOptions(['noexec', 'nosuid', 'nodev', propagationOf(mount)], mount.options ?? []);
  if (mount.readOnly && !options.includes('ro')) options.push('ro');
  return { destination: posix.normalize(mount.destination), type: 'tmpfs', source: 'tmpfs', options };
}

function propagationOf(mount: ResolvedMount): string {
  return mount.propagation && PROPAGATIONS.has(mount.propagation) ? mount.propagation : 'rprivate';
}

function fs(destination: string, type: string, source: string, ...options: string[]): OciMount {
  return { destination, type, source, options };
}

function depth(path: string): number {
  return path.split('/').filter(Boolean).length;
}
