/** Reads a seccomp profile, Docker's schema or the OCI one, into rules for one container. */
import { DockerError } from '@tsdocker/shared/errors.ts';

/** A profile as its JSON says it. `names`/`archMap` are Docker's; `name`/`architectures` are older or OCI's. */
export interface SeccompProfile {
  defaultAction: string;
  defaultErrnoRet?: number;
  architectures?: string[] | null;
  archMap?: { architecture: string; subArchitectures?: string[] | null }[] | null;
  flags?: string[] | null;
  listenerPath?: string;
  syscalls?: ProfileEntry[] | null;
}

export interface ProfileEntry {
  name?: string;
  names?: string[];
  action: string;
  errnoRet?: number;
  args?: ProfileArgument[] | null;
  includes?: ProfileCondition;
  excludes?: ProfileCondition;
}

export interface ProfileArgument {
  index: number;
  value: number | bigint;
  valueTwo?: number | bigint;
  op: string;
}

export interface ProfileCondition {
  caps?: string[];
  arches?: string[];
  minKernel?: string;
}

/** What a profile's conditions are checked against. */
export interface SeccompContext {
  /** CAP_ names of the bounding set. */
  caps: readonly string[];
  /** Node's process.arch of the host. */
  arch: string;
  /** uname release, `6.1.0-18-amd64`. */
  kernel: string;
}

/** A rule that applies; `args` are all to hold. */
export interface SeccompRule {
  names: string[];
  /** SECCOMP_RET_* with its data. */
  action: number;
  args: SeccompArgument[];
}

export type CompareOp = 'NE' | 'LT' | 'LE' | 'EQ' | 'GE' | 'GT' | 'MASKED_EQ';

export interface SeccompArgument {
  /** 0..5 */
  index: number;
  op: CompareOp;
  /** MASKED_EQ: the mask. */
  value: bigint;
  /** MASKED_EQ: what the masked argument must equal. */
  valueTwo: bigint;
}

/** A profile whose conditions are decided. */
export interface ResolvedProfile {
  /** SECCOMP_FILTER_FLAG_* of seccomp(2). */
  flags: number;
  defaultAction: number;
  /** `x86_64`, `i386`, ...: names of the syscall tables, the host's own first. */
  arches: string[];
  rules: SeccompRule[];
}

export const RET_KILL_PROCESS = 0x8000_0000;
export const RET_KILL_THREAD = 0;
export const RET_TRAP = 0x0003_0000;
export const RET_ERRNO = 0x0005_0000;
export const RET_TRACE = 0x7ff0_0000;
export const RET_LOG = 0x7ffc_0000;
export const RET_ALLOW = 0x7fff_0000;

const EPERM = 1;

/** SCMP_ARCH_* of the tables this build has; an architecture of a profile that is not here can not run on this host. */
const TABLE_OF_ARCH: Readonly<Record<string, string>> = {
  SCMP_ARCH_X86_64: 'x86_64',
  SCMP_ARCH_X86: 'i386',
  SCMP_ARCH_X32: 'x32',
  SCMP_ARCH_AARCH64: 'aarch64',
};
/** GOARCH names, as `includes.arches` lists them, of each process.arch. */
const GOARCH: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };
const NATIVE_TABLE: Readonly<Record<string, string>> = { x64: 'x86_64', arm64: 'aarch64' };
/** Tables that the processes of a host architecture can use. */
const USABLE: Readonly<Record<string, readonly string[]>> = { x64: ['x86_64', 'i386', 'x32'], arm64: ['aarch64'] };

/** Parses profile text; numbers keep all their 64 bits. @throws InvalidParameter */
export function parseProfile(text: string): SeccompProfile {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text, exactIntegers as (key: string, value: unknown) => unknown);
  } catch (cause) {
    throw new DockerError('InvalidParameter', `Decoding seccomp profile failed: ${(cause as Error).message}`, {
      cause,
    });
  }
  if (parsed === null || typeof parsed !== 'object' || Array.isArray(parsed)) {
    throw new DockerError('InvalidParameter', 'Decoding seccomp profile failed: the profile is not an object');
  }
  return parsed as SeccompProfile;
}

/** JSON reviver: integers above 2^53 become bigint instead of losing bits (source text access, ES2025). */
function exactIntegers(_key: string, value: unknown, context?: { source?: string }): unknown {
  const lost = typeof value === 'number' && !Number.isSafeInteger(value) && /^\d+$/.test(context?.source ?? '');
  return lost ? BigInt(context!.source!) : value;
}

/** Decides the conditions of a profile for one container. @throws InvalidParameter with what is wrong in it */
export function resolveProfile(profile: SeccompProfile, context: SeccompContext): ResolvedProfile {
  if (profile.listenerPath) throw invalid('listenerPath is not supported');
  if (profile.architectures?.length && profile.archMap?.length) {
    throw invalid(
      "both 'architectures' and 'archMap' are specified in the seccomp profile, use either 'architectures' or 'archMap'",
    );
  }
  if (!profile.defaultAction) throw invalid('defaultAction is missing');
  const rules: SeccompRule[] = [];
  for (const entry of profile.syscalls ?? []) {
    if (!applies(entry, context)) continue;
    const names = namesOf(entry);
    const action = actionOf(entry.action, entry.errnoRet);
    for (const args of splitArguments((entry.args ?? []).map(toArgument))) rules.push({ names, action, args });
  }
  return {
    flags: flagsOf(profile.flags),
    defaultAction: actionOf(profile.defaultAction, profile.defaultErrnoRet),
    arches: archesOf(profile, context.arch),
    rules,
  };
}

const FILTER_FLAGS: Readonly<Record<string, number>> = {
  SECCOMP_FILTER_FLAG_TSYNC: 1,
  SECCOMP_FILTER_FLAG_LOG: 2,
  SECCOMP_FILTER_FLAG_SPEC_ALLOW: 4,
};

/** Without any, as runc: a filter alone shall not cost the speculation mitigations' price. */
function flagsOf(names: readonly string[] | null | undefined): number {
  let flags = 0;
  for (const name of names ?? ['SECCOMP_FILTER_FLAG_SPEC_ALLOW']) {
    const flag = FILTER_FLAGS[name];
    if (flag === undefined) throw invalid(`string ${name} is not a valid flag for seccomp`);
    flags |= flag;
  }
  return flags;
}

function namesOf(entry: ProfileEntry): string[] {
  if (entry.name && entry.names?.length) {
    throw invalid("both 'name' and 'names' are specified in the seccomp profile, use either 'name' or 'names'");
  }
  return entry.name ? [entry.name] : (entry.names ?? []);
}

function applies(entry: ProfileEntry, context: SeccompContext): boolean {
  const goarch = GOARCH[context.arch] ?? context.arch;
  const { includes, excludes } = entry;
  if (excludes) {
    if (excludes.arches?.includes(goarch)) return false;
    if (excludes.caps?.some((cap) => context.caps.includes(cap))) return false;
    if (excludes.minKernel && kernelAtLeast(context.kernel, excludes.minKernel)) return false;
  }
  if (includes) {
    if (includes.arches?.length && !includes.arches.includes(goarch)) return false;
    if (includes.caps?.some((cap) => !context.caps.includes(cap))) return false;
    if (includes.minKernel && !kernelAtLeast(context.kernel, includes.minKernel)) return false;
  }
  return true;
}

/** Compares the first two numbers of a uname release. */
function kernelAtLeast(release: string, minimum: string): boolean {
  const [major = 0, minor = 0] = numbers(release);
  const [wantMajor = 0, wantMinor = 0] = numbers(minimum);
  return major > wantMajor || (major === wantMajor && minor >= wantMinor);
}

function numbers(version: string): number[] {
  return (/^(\d+)\.(\d+)/.exec(version) ?? []).slice(1).map(Number);
}

/** Two conditions on one argument mean either, as runc reads them; conditions on different arguments mean all. */
function splitArguments(args: SeccompArgument[]): SeccompArgument[][] {
  const distinct = new Set(args.map((a) => a.index)).size;
  return distinct === args.length ? [args] : args.map((a) => [a]);
}

function toArgument(arg: ProfileArgument): SeccompArgument {
  const op = String(arg.op).replace(/^SCMP_CMP_/, '');
  if (!['NE', 'LT', 'LE', 'EQ', 'GE', 'GT', 'MASKED_EQ'].includes(op)) {
    throw invalid(`string ${arg.op} is not a valid operator for seccomp`);
  }
  if (!Number.isInteger(arg.index) || arg.index < 0 || arg.index > 5)
    throw invalid(`invalid argument index ${arg.index}`);
  return { index: arg.index, op: op as CompareOp, value: toWord(arg.value), valueTwo: toWord(arg.valueTwo ?? 0) };
}

function toWord(value: number | bigint): bigint {
  if (typeof value !== 'bigint' && !Number.isInteger(value)) throw invalid(`invalid argument value ${value}`);
  return BigInt.asUintN(64, BigInt(value));
}

function actionOf(name: string, errnoRet: number | undefined): number {
  const data = errnoRet ?? EPERM;
  if (!Number.isInteger(data) || data < 0 || data > 0xffff) throw invalid(`invalid errnoRet ${data}`);
  switch (name) {
    case 'SCMP_ACT_KILL':
    case 'SCMP_ACT_KILL_THREAD':
      return RET_KILL_THREAD;
    case 'SCMP_ACT_KILL_PROCESS':
      return RET_KILL_PROCESS;
    case 'SCMP_ACT_TRAP':
      return RET_TRAP;
    case 'SCMP_ACT_ERRNO':
      return (RET_ERRNO | data) >>> 0;
    case 'SCMP_ACT_TRACE':
      return (RET_TRACE | data) >>> 0;
    case 'SCMP_ACT_LOG':
      return RET_LOG;
    case 'SCMP_ACT_ALLOW':
      return RET_ALLOW;
    default:
      throw invalid(`string ${name} is not a valid action for seccomp`);
  }
}

/** The native table always leads: runc adds it even when the profile does not list it. */
function archesOf(profile: SeccompProfile, arch: string): string[] {
  const native = NATIVE_TABLE[arch];
  if (!native) throw new DockerError('System', `seccomp: no system call table for ${arch}`);
  const listed: string[] = [native];
  for (const name of profile.architectures ?? []) listed.push(tableOf(name));
  for (const { architecture, subArchitectures } of profile.archMap ?? []) {
    if (TABLE_OF_ARCH[architecture] !== native) continue;
    for (const name of subArchitectures ?? []) listed.push(tableOf(name));
  }
  const usable = USABLE[arch] ?? [];
  return [...new Set(listed)].filter((table) => usable.includes(table));
}

/** '' for an architecture that is valid but never this host's. */
function tableOf(name: string): string {
  if (!/^SCMP_ARCH_[A-Z0-9_]+$/.test(name)) throw invalid(`string ${name} is not a valid arch for seccomp`);
  return TABLE_OF_ARCH[name] ?? '';
}

function invalid(message: string): DockerError {
  return new DockerError('InvalidParameter', `invalid seccomp profile: ${message}`);
}
