/** Checks of a create request that need nothing but the request, in Docker's words and order. */
import { isIP } from 'node:net';
import { parseSignal } from '@tsdocker/shared/signals.ts';
import type { ContainerConfig, HealthConfig, HostConfig } from '@tsdocker/shared/types/container.ts';
import { invalid, system } from './errors.ts';
import { checkNetworkMode } from './network-mode.ts';
import { checkPortBindings } from './ports.ts';
import { checkRestartPolicy } from './restart-policy.ts';

/** Capability names of linux/capability.h, bit 0 first. */
const CAPABILITIES = new Set(
  (
    'CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE ' +
    'NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN ' +
    'SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE ' +
    'MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE'
  ).split(' '),
);
const SECURITY_KEYS = new Set(['label', 'apparmor', 'seccomp', 'no-new-privileges', 'systempaths', 'writable-cgroups']);
/** One millisecond in nanoseconds. */
const SHORTEST_INTERVAL = 1_000_000;

/** @throws InvalidParameter */
export function checkConfig(config: ContainerConfig): void {
  if (config.WorkingDir && !config.WorkingDir.startsWith('/')) {
    throw invalid(`the working directory '${config.WorkingDir}' is invalid, it needs to be an absolute path`);
  }
  for (const variable of config.Env ?? []) {
    if (variable === '' || variable.startsWith('=')) throw invalid(`invalid environment variable: ${variable}`);
    if (variable.includes('\0')) throw invalid(`invalid environment variable: ${JSON.stringify(variable)}`);
  }
  checkHealth(config.Healthcheck);
  if (config.StopSignal) signalNumber(config.StopSignal);
}

/** @throws InvalidParameter `invalid signal: x` */
export function signalNumber(text: string): number {
  try {
    return parseSignal(text);
  } catch (cause) {
    throw invalid(`invalid signal: ${text}`, cause);
  }
}

function checkHealth(health: HealthConfig | undefined): void {
  if (!health) return;
  for (const key of ['Interval', 'Timeout', 'StartPeriod', 'StartInterval'] as const) {
    const value = health[key] ?? 0;
    if (value !== 0 && value < SHORTEST_INTERVAL) throw invalid(`${key} in Healthcheck cannot be less than 1ms`);
  }
  if ((health.Retries ?? 0) < 0) throw invalid('Retries in Healthcheck cannot be negative');
}

/** @throws InvalidParameter, System (where Docker answers 500) */
export function checkHostConfig(h: HostConfig, config: ContainerConfig, runtimes: readonly string[]): void {
  if (h.AutoRemove && h.RestartPolicy?.Name && h.RestartPolicy.Name !== 'no') {
    throw invalid("can't create 'AutoRemove' container with restart policy");
  }
  checkExtraHosts(h.ExtraHosts ?? []);
  checkPortBindings(h.PortBindings ?? {}, config.ExposedPorts ?? {});
  checkRestartPolicy(h.RestartPolicy);
  checkCapabilities('CapAdd', h.CapAdd);
  checkCapabilities('CapDrop', h.CapDrop);
  if (h.Isolation && h.Isolation !== 'default') {
    throw invalid(`invalid isolation: "${h.Isolation}" - linux only supports 'default'`);
  }
  checkNetworkMode(h, config);
  checkNamespaces(h);
  if ((h.ShmSize ?? 0) < 0) throw invalid('SHM size can not be less than 0');
  const oom = h.OomScoreAdj ?? 0;
  if (oom < -1000 || oom > 1000) throw invalid(`Invalid value ${oom}, range for oom score adj is [-1000, 1000]`);
  if (h.Runtime && !runtimes.includes(h.Runtime)) throw invalid(`unknown or invalid runtime name: ${h.Runtime}`);
  checkSecurity(h.SecurityOpt ?? []);
  for (const [key, value] of Object.entries(h.StorageOpt ?? {})) {
    throw system(`--storage-opt is supported only for overlay over xfs with 'pquota' mount option: ${key}=${value}`);
  }
}

function checkExtraHosts(hosts: readonly string[]): void {
  for (const entry of hosts) {
    // The name ends at the first colon or equals sign; the rest may be an IPv6 address.
    const [, name = '', address = ''] = /^([^:=]*)[:=](.*)$/.exec(entry) ?? [];
    if (name === '') throw invalid(`bad format for add-host: "${entry}"`);
    if (address !== 'host-gateway' && isIP(address.replace(/^\[(.*)\]$/, '$1')) === 0) {
      throw invalid(`invalid IP address in add-host: "${address}"`);
    }
  }
}

function checkCapabilities(field: 'CapAdd' | 'CapDrop', names: readonly string[] | undefined): void {
  for (const name of names ?? []) {
    const upper = name.toUpperCase().replace(/^CAP_/, '');
    if (upper !== 'ALL' && !CAPABILITIES.has(upper))
      throw invalid(`invalid ${field}: unknown capability: "CAP_${upper}"`);
  }
}

function checkNamespaces(h: HostConfig): void {
  const container = /^container:.+/;
  const rules: [string, string | undefined, (mode: string) => boolean][] = [
    ['IPC mode', h.IpcMode, (m) => ['none', 'private', 'shareable', 'host'].includes(m) || container.test(m)],
    ['PID mode', h.PidMode, (m) => m === 'host' || container.test(m)],
    ['UTS mode', h.UTSMode, (m) => m === 'host'],
    ['user namespace mode', h.UsernsMode, (m) => m === 'host' || m === 'private'],
    ['cgroup namespace mode', h.CgroupnsMode, (m) => m === 'host' || m === 'private'],
  ];
  for (const [what, mode, ok] of rules) {
    if (mode && !ok(mode)) throw invalid(`invalid ${what}: ${mode}`);
  }
}

/** What a container in a user namespace cannot have. @throws InvalidParameter */
export function checkUserNamespace(h: HostConfig): void {
  if (h.Privileged)
    throw invalid(
      'privileged mode is incompatible with user namespaces.  You must run the container in the host namespace when running privileged mode',
    );
  if (h.NetworkMode === 'host')
    throw invalid("cannot share the host's network namespace when user namespaces are enabled");
  if (h.PidMode === 'host') throw invalid('cannot share the host PID namespace when user namespaces are enabled');
  if (h.IpcMode === 'host') throw invalid('cannot share the host IPC namespace when user namespaces are enabled');
}

function checkSecurity(options: readonly string[]): void {
  for (const option of options) {
    if (option === 'no-new-privileges' || option === 'writable-cgroups') continue;
    const [, key = '', value = ''] = /^([^=:]*)[=:](.*)$/s.exec(option) ?? [];
    if (key === '') throw invalid(`invalid --security-opt 1: "${option}"`);
    if (!SECURITY_KEYS.has(key)) throw invalid(`invalid --security-opt 2: "${option}"`);
    if (/^(no-new-privileges|writable-cgroups)$/.test(key) && !/^(1|0|t|f|true|false)$/i.test(value)) {
      throw invalid(`invalid --security-opt 2: "${option}"`);
    }
  }
}
