/** The process half of a spec: environment, directory, limits, terminal. Shared by start and exec. */
import { posix } from 'node:path';
import { DockerError } from '@tsdocker/shared/errors.ts';
import type { ContainerConfig, HostConfig } from '@tsdocker/shared/types/container.ts';
import type { OciProcess } from '@tsdocker/shared/types/oci-spec.ts';
import type { Ulimit } from '@tsdocker/shared/ulimit.ts';
import { toOciCapabilities } from './capabilities.ts';
import type { ResolvedUser } from './user.ts';

export interface ProcessInput {
  config: Pick<ContainerConfig, 'WorkingDir'>;
  hostConfig: Pick<HostConfig, 'Ulimits' | 'OomScoreAdj'>;
  defaultUlimits: readonly Ulimit[];
  args: string[];
  env: readonly string[];
  terminal: boolean;
  consoleSize?: { height: number; width: number };
  who: ResolvedUser;
  /** Bounding set. */
  capabilities: string[];
  noNewPrivileges: boolean;
  apparmor?: string;
}

type Ulimits = NonNullable<HostConfig['Ulimits']>;

const RLIMITS = new Set(
  'as core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack'.split(' '),
);
const RLIM_INFINITY = 2n ** 64n - 1n;
const MIN_OOM_SCORE = -1000;
const MAX_OOM_SCORE = 1000;

export function processOf(input: ProcessInput): OciProcess {
  return {
    terminal: input.terminal,
    ...(input.consoleSize && input.terminal ? { consoleSize: input.consoleSize } : {}),
    user: input.who.user,
    args: input.args,
    env: withHome(input.env, input.who.home),
    cwd: posix.resolve('/', input.config.WorkingDir || '/'),
    capabilities: toOciCapabilities(input.capabilities),
    rlimits: rlimitsOf(withDefaults(input.hostConfig.Ulimits ?? [], input.defaultUlimits)),
    noNewPrivileges: input.noNewPrivileges,
    oomScoreAdj: checkOomScore(input.hostConfig.OomScoreAdj ?? 0),
    ...(input.apparmor ? { apparmorProfile: input.apparmor } : {}),
  };
}

/** HOME of the passwd entry, unless the environment says another. */
function withHome(env: readonly string[], home: string): string[] {
  const set = env.some((variable) => variable.startsWith('HOME=') && variable.length > 'HOME='.length);
  return set ? [...env] : [...env.filter((variable) => !variable.startsWith('HOME=')), `HOME=${home}`];
}

function withDefaults(given: Ulimits, defaults: readonly Ulimit[]): Ulimits {
  return [...given, ...defaults.filter(({ Name }) => !given.some((limit) => limit.Name === Name))];
}

/** -1 = unlimited. @throws InvalidParameter an unknown name, or soft above hard */
export function rlimitsOf(ulimits: Ulimits): OciProcess['rlimits'] {
  return ulimits.map(({ Name = '', Soft = 0, Hard = 0 }) => {
    if (!RLIMITS.has(Name)) throw new DockerError('InvalidParameter', `invalid ulimit type: ${Name}`);
    if (Hard !== -1 && (Soft === -1 || Soft > Hard)) {
      const why = `ulimit soft limit must be less than or equal to hard limit: ${Soft} > ${Hard}`;
      throw new DockerError('InvalidParameter', why);
    }
    const bytes = (value: number) => (value === -1 ? RLIM_INFINITY : value);
    return { type: `RLIMIT_${Name.toUpperCase()}`, soft: bytes(Soft), hard: bytes(Hard) };
  });
}

function checkOomScore(score: number): number {
  if (!Number.isInteger(score) || score < MIN_OOM_SCORE || score > MAX_OOM_SCORE) {
    const why = `Invalid value ${score}, range for oom score adj is [${MIN_OOM_SCORE}, ${MAX_OOM_SCORE}]`;
    throw new DockerError('InvalidParameter', why);
  }
  return score;
}
