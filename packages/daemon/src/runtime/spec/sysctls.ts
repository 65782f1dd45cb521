/** `--sysctl`: only what a namespace of the container owns; the rest would change the host. */
import { DockerError } from '@tsdocker/shared/errors.ts';
import type { OciNamespace } from '@tsdocker/shared/types/oci-spec.ts';

const IPC_KEYS = new Set([
  'kernel.msgmax',
  'kernel.msgmnb',
  'kernel.msgmni',
  'kernel.sem',
  'kernel.shmall',
  'kernel.shmmax',
  'kernel.shmmni',
  'kernel.shm_rmid_forced',
]);
const UTS_KEYS = new Set(['kernel.domainname']);

/**
 * Checks the user's sysctls and adds Docker's own for an own network namespace, where the kernel has them.
 * @param exists whether /proc/sys has a key
 * @throws InvalidParameter in the runtime's words: `sysctl "x" is not in a separate kernel namespace`
 */
export function sysctlsOf(
  sysctls: Readonly<Record<string, string>>,
  namespaces: readonly OciNamespace[],
  exists: (key: string) => boolean,
): Record<string, string> {
  const own = (type: OciNamespace['type']) => namespaces.some((n) => n.type === type && n.path === undefined);
  const out: Record<string, string> = {};
  if (own('network')) {
    if (exists('net.ipv4.ip_unprivileged_port_start')) out['net.ipv4.ip_unprivileged_port_start'] = '0';
    // Its range is of ids that a user namespace does not have.
    if (!own('user') && exists('net.ipv4.ping_group_range')) out['net.ipv4.ping_group_range'] = '0 2147483647';
  }
  for (const [typed, value] of Object.entries(sysctls)) {
    const key = normaliseKey(typed);
    if (
      sysctlPath(key)
        .split('/')
        .some((part) => part === '..' || part === '.')
    ) {
      throw new DockerError('InvalidParameter', `invalid sysctl name "${typed}"`);
    }
    const type = namespaceOf(key);
    if (type === undefined || !namespaces.some((n) => n.type === type)) throw notSeparate(typed, type);
    if (!own(type) && type === 'network') throw notAllowed(typed, 'host network namespace');
    out[key] = value;
  }
  return out;
}

function namespaceOf(key: string): OciNamespace['type'] | undefined {
  if (IPC_KEYS.has(key) || key.startsWith('fs.mqueue.')) return 'ipc';
  if (UTS_KEYS.has(key)) return 'uts';
  if (key.startsWith('net.')) return 'network';
  return undefined;
}

/** Slashes separate as well; then a dot stands for itself: net/ipv4/conf/eth0.1/forwarding. Names never leave /proc/sys. */
function normaliseKey(key: string): string {
  const slash = key.indexOf('/');
  const dot = key.indexOf('.');
  if (slash >= 0 && (dot < 0 || slash < dot)) return key.replace(/[./]/g, (c) => (c === '/' ? '.' : '/'));
  return key;
}

/** /proc/sys path of a key in dotted form. */
export function sysctlPath(key: string): string {
  return `/proc/sys/${key.replace(/[./]/g, (c) => (c === '.' ? '/' : '.'))}`;
}

function notSeparate(key: string, type: OciNamespace['type'] | undefined): DockerError {
  if (type === 'network') return notAllowed(key, 'host network namespace');
  const why =
    type === undefined ? 'is not in a separate kernel namespace' : `is not allowed in the hosts ${type} namespace`;
  return new DockerError('InvalidParameter', `sysctl "${key}" ${why}`);
}

function notAllowed(key: string, where: string): DockerError {
  return new DockerError('InvalidParameter', `sysctl "${key}" not allowed in ${where}`);
}
