/** The part of a plan that makes the process what it is: the same for a container and for an exec. Pure. */
import { constants } from 'node:os';
import type { OciProcess } from '@tsdocker/shared/types/oci-spec.ts';
import type { SeccompFilter } from '../seccomp/seccomp.ts';
import type { PlanWriter } from './plan-format.ts';

/** By number, as in linux/capability.h. */
const CAPABILITIES = [
  'CHOWN',
  'DAC_OVERRIDE',
  'DAC_READ_SEARCH',
  'FOWNER',
  'FSETID',
  'KILL',
  'SETGID',
  'SETUID',
  'SETPCAP',
  'LINUX_IMMUTABLE',
  'NET_BIND_SERVICE',
  'NET_BROADCAST',
  'NET_ADMIN',
  'NET_RAW',
  'IPC_LOCK',
  'IPC_OWNER',
  'SYS_MODULE',
  'SYS_RAWIO',
  'SYS_CHROOT',
  'SYS_PTRACE',
  'SYS_PACCT',
  'SYS_ADMIN',
  'SYS_BOOT',
  'SYS_NICE',
  'SYS_RESOURCE',
  'SYS_TIME',
  'SYS_TTY_CONFIG',
  'MKNOD',
  'LEASE',
  'AUDIT_WRITE',
  'AUDIT_CONTROL',
  'SETFCAP',
  'MAC_OVERRIDE',
  'MAC_ADMIN',
  'SYSLOG',
  'WAKE_ALARM',
  'BLOCK_SUSPEND',
  'AUDIT_READ',
  'PERFMON',
  'BPF',
  'CHECKPOINT_RESTORE',
];

/** By number, as in asm-generic/resource.h. */
const RESOURCES = [
  'CPU',
  'FSIZE',
  'DATA',
  'STACK',
  'CORE',
  'RSS',
  'NPROC',
  'NOFILE',
  'MEMLOCK',
  'AS',
  'LOCKS',
  'SIGPENDING',
  'MSGQUEUE',
  'NICE',
  'RTPRIO',
  'RTTIME',
];

const STDIO_TERMINAL = 1;
const STDIO_STDIN = 2;
const STDIO_STDIN_ONCE = 4;

export function addStdio(writer: PlanWriter, process: OciProcess, stdin: boolean, stdinOnce: boolean): void {
  const flags =
    (process.terminal ? STDIO_TERMINAL : 0) | (stdin ? STDIO_STDIN : 0) | (stdinOnce ? STDIO_STDIN_ONCE : 0);
  const size = process.consoleSize;
  writer.add('stdio', { flags, n1: size?.height ?? 0, n2: size?.width ?? 0 }, { step: 'stdio' });
}

/**
 * Everything from the out-of-memory score to the execve, in the order the kernel's rules ask for.
 * @throws Error for an unknown capability or resource name
 */
export function addProcess(writer: PlanWriter, process: OciProcess, seccomp: SeccompFilter | undefined): void {
  const { user } = process;
  writer.add('oomScore', { n1: (process.oomScoreAdj ?? 0) + 1000 }, { step: 'oom_score_adj' });
  if (process.apparmorProfile && process.apparmorProfile !== 'unconfined')
    writer.add('securityLabel', { s1: 'apparmor/exec', s2: `exec ${process.apparmorProfile}` }, { step: 'apparmor' });
  if (process.selinuxLabel) writer.add('securityLabel', { s1: 'exec', s2: process.selinuxLabel }, { step: 'selinux' });
  writer.add('sessionKeyring', {}, { step: 'keyring' });
  for (const limit of process.rlimits)
    writer.add(
      'resourceLimit',
      { s2: resourceNumber(limit.type), n1: limit.soft, n2: limit.hard },
      { step: 'rlimit', path: limit.type },
    );
  writer.add('umask', { n1: user.umask ?? 0o022 }, { step: 'umask' });
  // Before the seccomp program: what waits and reports here need not be allowed by it.
  writer.add('waitForGo', {}, { step: 'start' });
  if (process.noNewPrivileges) writer.add('noNewPrivileges', {}, { step: 'no_new_privs' });
  // Without no_new_privs only a process that still has CAP_SYS_ADMIN may load one; with it, the later the better.
  if (seccomp && !process.noNewPrivileges) addSeccomp(writer, seccomp);
  const sets = process.capabilities;
  writer.add('boundingSet', { n1: capabilityMask(sets.bounding) }, { step: 'capabilities' });
  writer.add('workingDirectory', { s1: process.cwd || '/' }, { step: 'chdir', path: process.cwd || '/' });
  const groups = Buffer.alloc(user.additionalGids.length * 4);
  for (const [i, gid] of user.additionalGids.entries()) groups.writeUInt32LE(gid, i * 4);
  writer.add('user', { s1: groups, s2: user.uid, s3: user.gid, n1: user.additionalGids.length }, { step: 'user' });
  const words = Buffer.alloc(32);
  const ordered = [sets.effective, sets.permitted, sets.inheritable, sets.ambient];
  for (const [i, set] of ordered.entries()) words.writeBigUInt64LE(capabilityMask(set), i * 8);
  writer.add('capabilities', { s1: words }, { step: 'capabilities' });
  if (seccomp && process.noNewPrivileges) addSeccomp(writer, seccomp);
  addExecute(writer, process);
}

function addSeccomp(writer: PlanWriter, { program, flags }: SeccompFilter): void {
  writer.add('seccomp', { s1: program, n1: program.length, n2: flags }, { step: 'seccomp' });
}

function addExecute(writer: PlanWriter, process: OciProcess): void {
  if (process.args.length === 0) throw new TypeError('no command specified');
  const s1 = writer.list(process.args);
  const s2 = writer.list(process.env);
  writer.add(
    'execute',
    { s1, n1: process.args.length, s2, n2: process.env.length },
    { step: 'execve', path: process.args[0] ?? '' },
  );
}

function capabilityMask(names: readonly string[]): bigint {
  let mask = 0n;
  for (const name of names) {
    const number = CAPABILITIES.indexOf(name.replace(/^CAP_/, ''));
    if (number < 0) throw new TypeError(`unknown capability ${name}`);
    mask |= 1n << BigInt(number);
  }
  return mask;
}

function resourceNumber(type: string): number {
  const number = RESOURCES.indexOf(type.replace(/^RLIMIT_/, ''));
  if (number < 0) throw new TypeError(`unknown resource limit ${type}`);
  return number;
}

/** ENOENT and the like, for a number the kernel gave. */
export function errnoName(errno: number): string {
  for (const [name, number] of Object.entries(constants.errno)) if (number === errno) return name;
  return `E${errno}`;
}
