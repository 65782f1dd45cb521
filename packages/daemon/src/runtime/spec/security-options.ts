/** `--security-opt`: label, apparmor, seccomp, no-new-privileges, systempaths, writable-cgroups. */
import { DockerError } from '@tsdocker/shared/errors.ts';

export interface SecurityOptions {
  /** `unconfined`, `builtin`, or the JSON text of a profile. Undefined: the daemon's default. */
  seccomp?: string;
  /** Profile name or `unconfined`. */
  apparmor?: string;
  /** `disable` or user:role:type:level pairs as typed. */
  labels: string[];
  /** Undefined: the daemon's default. */
  noNewPrivileges?: boolean;
  /** The cgroup mounts are writable (private cgroup namespace). */
  writableCgroups: boolean;
  /** systempaths=unconfined: nothing masked, nothing read-only. Current clients send empty lists instead. */
  unconfinedPaths: boolean;
}

/** `key=value`, or `key:value` as old clients write it. @throws InvalidParameter with Docker's words */
export function parseSecurityOptions(options: readonly string[]): SecurityOptions {
  const parsed: SecurityOptions = {
    labels: [],
    writableCgroups: false,
    unconfinedPaths: false,
  };
  for (const option of options) {
    if (option === 'no-new-privileges') parsed.noNewPrivileges = true;
    else if (option === 'writable-cgroups') parsed.writableCgroups = true;
    else if (option === 'disable') parsed.labels.push('disable');
    else apply(parsed, option);
  }
  return parsed;
}

function apply(parsed: SecurityOptions, option: string): void {
  const cut = option.includes('=') ? option.indexOf('=') : option.indexOf(':');
  if (cut < 0) throw new DockerError('InvalidParameter', `invalid --security-opt 1: ${JSON.stringify(option)}`);
  const key = option.slice(0, cut);
  const value = option.slice(cut + 1);
  switch (key) {
    case 'label':
      parsed.labels.push(value);
      break;
    case 'apparmor':
      parsed.apparmor = value;
      break;
    case 'seccomp':
      parsed.seccomp = value;
      break;
    case 'no-new-privileges':
      parsed.noNewPrivileges = booleanOf(option, value);
      break;
    case 'writable-cgroups':
      parsed.writableCgroups = booleanOf(option, value);
      break;
    case 'systempaths':
      if (value !== 'unconfined') throw new DockerError('InvalidParameter', `invalid --security-opt 2: "${option}"`);
      parsed.unconfinedPaths = true;
      break;
    default:
      throw new DockerError('InvalidParameter', `invalid --security-opt 2: ${JSON.stringify(option)}`);
  }
}

function booleanOf(option: string, value: string): boolean {
  if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(value)) return true;
  if (['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(value)) return false;
  throw new DockerError('InvalidParameter', `invalid --security-opt 2: ${JSON.stringify(option)}`);
}
