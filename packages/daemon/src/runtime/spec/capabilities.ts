/** Capability sets from CapAdd, CapDrop and Privileged. */
import { DockerError } from '@tsdocker/shared/errors.ts';
import type { OciCapabilities } from '@tsdocker/shared/types/oci-spec.ts';

/** In the order of their bits, linux/capability.h. */
export const CAPABILITY_NAMES: readonly string[] = (
  'CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE ' +
  'NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN ' +
  'SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE ' +
  'MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE'
)
  .split(' ')
  .map((name) => `CAP_${name}`);

/** What a container has without options, in Docker's order. */
export const DEFAULT_CAPABILITIES: readonly string[] =
  'CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE SYS_CHROOT KILL AUDIT_WRITE'
    .split(' ')
    .map((name) => `CAP_${name}`);

/** The daemon's own bounding set, from the text of /proc/self/status: no container can have more. */
export function boundingSetOf(procStatus: string): string[] {
  const bits = BigInt(`0x${/^CapBnd:\s*([0-9a-f]+)/m.exec(procStatus)?.[1] ?? '0'}`);
  return CAPABILITY_NAMES.filter((_, bit) => (bits >> BigInt(bit)) & 1n);
}

export interface CapabilityRequest {
  privileged: boolean;
  add: readonly string[];
  drop: readonly string[];
}

/**
 * The bounding set. A privileged container gets all of `available`; ALL stands for all of them too; an added one wins
 * over a dropped one. Defaults the daemon lacks are left out, an added one it lacks is an error.
 * @throws InvalidParameter `unknown capability: "CAP_X"`, `capability not supported by your kernel ...`
 */
export function capabilitySet(request: CapabilityRequest, available: readonly string[]): string[] {
  if (request.privileged) return [...available];
  const add = normalise(request.add, available);
  const drop = normalise(request.drop, CAPABILITY_NAMES);
  if (add.includes('ALL')) return available.filter((cap) => !drop.includes(cap));
  if (drop.includes('ALL')) return add;
  const kept = DEFAULT_CAPABILITIES.filter((cap) => available.includes(cap) && !drop.includes(cap));
  return [...kept, ...add.filter((cap) => !kept.includes(cap))];
}

/** Inheritable and ambient stay empty: a program a non-root user starts gains nothing by execve. */
export function toOciCapabilities(bounding: string[]): OciCapabilities {
  return { bounding, permitted: [...bounding], effective: [...bounding], inheritable: [], ambient: [] };
}

function normalise(names: readonly string[], supported: readonly string[]): string[] {
  const out: string[] = [];
  for (const typed of names) {
    const upper = typed.toUpperCase();
    const name = upper === 'ALL' || upper.startsWith('CAP_') ? upper : `CAP_${upper}`;
    if (name !== 'ALL' && !CAPABILITY_NAMES.includes(name)) {
      throw new DockerError('InvalidParameter', `unknown capability: "${name}"`);
    }
    if (name !== 'ALL' && !supported.includes(name)) {
      const reason = 'capability not supported by your kernel or not available in the current environment';
      throw new DockerError('InvalidParameter', `${reason}: "${name}"`);
    }
    if (!out.includes(name)) out.push(name);
  }
  return out;
}
