/** Reads once what this machine offers: the part of the runtime that is not a container's. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { release } from 'node:os';
import type { Ulimit } from '@tsdocker/shared/ulimit.ts';
import type { CgroupFeatures } from './cgroup/features.ts';
import type { RuntimeCapabilities } from './runtime.ts';
import { boundingSetOf } from './spec/capabilities.ts';
import type { SpecHost } from './spec/compile.ts';
import { sysctlPath } from './spec/sysctls.ts';

export interface HostOptions {
  /** The init program of --init; unset or missing: --init is refused. */
  initPath?: string;
  /** Daemon option `default-shm-size`; default 64 MiB. */
  defaultShmBytes?: number;
  /** Daemon option `default-ulimit`. */
  defaultUlimits?: readonly Ulimit[];
  /** Daemon option `init`. */
  defaultInit?: boolean;
  /** Daemon option `no-new-privileges`. */
  defaultNoNewPrivileges?: boolean;
}

const DEFAULT_SHM_BYTES = 64 * 1024 * 1024;

export function readSpecHost(cgroupVersion: 1 | 2, options: HostOptions): SpecHost {
  return {
    cgroupVersion,
    capabilities: boundingSetOf(readFileSync('/proc/self/status', 'utf8')),
    thermalPaths: thermalPaths(),
    defaultShmBytes: options.defaultShmBytes ?? DEFAULT_SHM_BYTES,
    defaultUlimits: options.defaultUlimits ?? [],
    defaultInit: options.defaultInit ?? false,
    defaultNoNewPrivileges: options.defaultNoNewPrivileges ?? false,
    recursiveReadOnly: kernelAtLeast(5, 12),
    apparmor:
      existsSync('/sys/module/apparmor/parameters/enabled') && readsYes('/sys/module/apparmor/parameters/enabled'),
    hasSysctl: (key) => existsSync(sysctlPath(key)),
    ...(options.initPath && existsSync(options.initPath) ? { initPath: options.initPath } : {}),
  };
}

export function runtimeCapabilities(features: CgroupFeatures, apparmor: boolean, userns: boolean): RuntimeCapabilities {
  return {
    ...features,
    apparmor,
    // /proc/self/status has the line on every kernel built with seccomp filters.
    seccomp: /^Seccomp:/m.test(readFileSync('/proc/self/status', 'utf8')),
    selinux: false,
    userns,
  };
}

function thermalPaths(): string[] {
  const root = '/sys/devices/system/cpu';
  if (!existsSync(root)) return [];
  return readdirSync(root)
    .filter((name) => /^cpu\d+$/.test(name))
    .map((name) => `${root}/${name}/thermal_throttle`)
    .filter((path) => existsSync(path));
}

function kernelAtLeast(major: number, minor: number): boolean {
  const [a = 0, b = 0] = release()
    .split('.')
    .map((part) => Number.parseInt(part, 10));
  return a > major || (a === major && b >= minor);
}

function readsYes(path: string): boolean {
  return readFileSync(path, 'utf8').startsWith('Y');
}
