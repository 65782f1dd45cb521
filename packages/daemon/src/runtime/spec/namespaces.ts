/** Which namespaces are new, joined or the host's. */
import { DockerError } from '@tsdocker/shared/errors.ts';
import type { HostConfig } from '@tsdocker/shared/types/container.ts';
import type { OciNamespace } from '@tsdocker/shared/types/oci-spec.ts';
import type { NetworkNamespace } from '../runtime.ts';

export interface NamespaceInput {
  hostConfig: Pick<HostConfig, 'PidMode' | 'IpcMode' | 'UTSMode' | 'CgroupnsMode' | 'UsernsMode' | 'Privileged'>;
  network: NetworkNamespace;
  joins?: { ipc?: number; pid?: number };
  userNamespace?: boolean;
  cgroupVersion: 1 | 2;
}

/**
 * The network namespace has a path only when it is a path; a descriptor goes to the shim beside the spec, so its entry is
 * a new one here in name only.
 * @throws InvalidParameter an unknown mode; System a joined container that has no pid
 */
export function namespacesOf(input: NamespaceInput): OciNamespace[] {
  const { hostConfig, joins } = input;
  const out: OciNamespace[] = [{ type: 'mount' }];
  if (input.userNamespace) out.push({ type: 'user' });
  pushMode(out, 'pid', hostConfig.PidMode, joins?.pid, ['', 'private']);
  pushMode(out, 'ipc', hostConfig.IpcMode, joins?.ipc, ['', 'private', 'shareable', 'none']);
  pushMode(out, 'uts', hostConfig.UTSMode, undefined, ['', 'private']);
  if (cgroupNamespaceIsPrivate(hostConfig, input.cgroupVersion)) out.push({ type: 'cgroup' });
  if (input.network.kind === 'path') out.push({ type: 'network', path: input.network.path });
  else if (input.network.kind !== 'host') out.push({ type: 'network' });
  return out;
}

/** Default: private on cgroup v2, the host's on v1 and for a privileged container on v1. */
export function cgroupNamespaceIsPrivate(hostConfig: Pick<HostConfig, 'CgroupnsMode'>, cgroupVersion: 1 | 2): boolean {
  const mode: string = hostConfig.CgroupnsMode ?? '';
  if (mode === '') return cgroupVersion === 2;
  if (mode !== 'private' && mode !== 'host') {
    throw new DockerError('InvalidParameter', `invalid cgroup namespace mode: ${mode}`);
  }
  return mode === 'private';
}

/** True when the container makes an ipc namespace of its own, with its own /dev/shm and message queues. */
export function hasOwnIpc(hostConfig: Pick<HostConfig, 'IpcMode'>): boolean {
  return ['', 'private', 'shareable', 'none'].includes(hostConfig.IpcMode ?? '');
}

const TYPE_WORDS = { pid: 'PID', ipc: 'IPC', uts: 'UTS' } as const;

function pushMode(
  out: OciNamespace[],
  type: 'pid' | 'ipc' | 'uts',
  mode: string | undefined,
  joinedPid: number | undefined,
  own: readonly string[],
): void {
  const value = mode ?? '';
  if (value === 'host') return;
  if (own.includes(value)) out.push({ type });
  else if (value.startsWith('container:') && type !== 'uts') {
    if (!joinedPid) throw new DockerError('System', `cannot join ${TYPE_WORDS[type]} of a non running container`);
    out.push({ type, path: `/proc/${joinedPid}/ns/${type}` });
  } else throw new DockerError('InvalidParameter', `invalid ${TYPE_WORDS[type]} mode: ${value}`);
}
