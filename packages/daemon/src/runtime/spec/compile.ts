/**
 * Compiles a start or an exec into an OCI spec. The caller gathers what the host and the image say (`SpecHost`, user,
 * devices); what is here is pure, so a golden test needs no root.
 */
import { DockerError } from '@tsdocker/shared/errors.ts';
import type { OciProcess, OciSpec } from '@tsdocker/shared/types/oci-spec.ts';
import type { Ulimit } from '@tsdocker/shared/ulimit.ts';
import type { ExecRequest, StartRequest } from '../runtime.ts';
import { capabilitySet } from './capabilities.ts';
import type { DevicePlan } from './devices.ts';
import { INIT_PATH, mountsOf, rootfsPropagation } from './mounts.ts';
import { namespacesOf } from './namespaces.ts';
import { processOf } from './process.ts';
import { parseSecurityOptions, type SecurityOptions } from './security-options.ts';
import { sysctlsOf } from './sysctls.ts';
import { systemPaths } from './system-paths.ts';
import type { ResolvedUser } from './user.ts';

/** What this host offers, read once at daemon start. */
export interface SpecHost {
  cgroupVersion: 1 | 2;
  /** The daemon's bounding set, CAP_ names. */
  capabilities: readonly string[];
  /** Host path of the init program for --init. Undefined: --init is an error. */
  initPath?: string;
  /** /sys/devices/system/cpu/cpuN/thermal_throttle that exist. */
  thermalPaths: readonly string[];
  defaultShmBytes: number;
  /** Of containers that do not set them; daemon option `default-ulimit`. */
  defaultUlimits: readonly Ulimit[];
  /** Default for a container that does not say; daemon option `init`. */
  defaultInit: boolean;
  /** The same for no-new-privileges; daemon option of that name. */
  defaultNoNewPrivileges: boolean;
  /** mount_setattr exists (kernel 5.12). */
  recursiveReadOnly: boolean;
  apparmor: boolean;
  /** Whether /proc/sys has a dotted key. */
  hasSysctl: (key: string) => boolean;
}

/** What was read for this container. */
export interface StartFacts {
  who: ResolvedUser;
  devices: DevicePlan;
  sharedShm?: string;
}

/** @throws InvalidParameter with Docker's words for every option that can not be honoured */
export function compileStart(request: StartRequest, facts: StartFacts, host: SpecHost): OciSpec {
  const { config, hostConfig } = request;
  const security = securityOf(hostConfig.SecurityOpt);
  const namespaces = namespacesOf({
    hostConfig,
    network: request.network,
    cgroupVersion: host.cgroupVersion,
    ...(request.joins ? { joins: request.joins } : {}),
    userNamespace: request.userNamespace !== undefined,
  });
  const own = (type: string) => namespaces.some((n) => n.type === type && n.path === undefined);
  const initPath = own('pid') && (hostConfig.Init ?? host.defaultInit) ? requireInit(host) : undefined;
  const mounts = mountsOf({
    hostConfig,
    mounts: request.mounts,
    writableCgroups: Boolean(hostConfig.Privileged) || security.writableCgroups,
    defaultShmBytes: host.defaultShmBytes,
    recursiveReadOnly: host.recursiveReadOnly,
    userNamespace: request.userNamespace !== undefined,
    ...(initPath ? { initPath } : {}),
    ...(facts.sharedShm ? { sharedShm: facts.sharedShm } : {}),
  });
  const paths = systemPaths(hostConfig, { unconfined: security.unconfinedPaths, thermal: host.thermalPaths });
  const propagation = rootfsPropagation(request.mounts);
  return {
    process: processOf({
      config,
      hostConfig,
      defaultUlimits: host.defaultUlimits,
      args: initPath ? [INIT_PATH, '--', ...request.args] : request.args,
      env: request.env,
      terminal: Boolean(config.Tty),
      ...consoleSizeOf(hostConfig.ConsoleSize),
      who: facts.who,
      capabilities: capabilitiesOf(hostConfig, host),
      ...confinement(security, hostConfig.Privileged, host),
    }),
    root: { readonly: Boolean(hostConfig.ReadonlyRootfs) },
    ...(own('uts') ? { hostname: request.hostname } : {}),
    ...(own('uts') && config.Domainname ? { domainname: config.Domainname } : {}),
    mounts,
    linux: {
      namespaces,
      devices: facts.devices.devices,
      sysctl: sysctlsOf(hostConfig.Sysctls ?? {}, namespaces, host.hasSysctl),
      maskedPaths: paths.masked,
      readonlyPaths: paths.readonly,
      ...(propagation ? { rootfsPropagation: propagation } : {}),
    },
    ...(hostConfig.Annotations ? { annotations: hostConfig.Annotations } : {}),
  };
}

/** The process of an exec: the container's own confinement, unless `Privileged` gives it every capability. */
export function compileExec(request: ExecRequest, who: ResolvedUser, host: SpecHost): OciProcess {
  const { config, hostConfig, exec } = request;
  const privileged = Boolean(exec.Privileged || hostConfig.Privileged);
  return processOf({
    config: { WorkingDir: exec.WorkingDir || config.WorkingDir || '/' },
    hostConfig,
    defaultUlimits: host.defaultUlimits,
    args: exec.Cmd ?? [],
    env: request.env,
    terminal: Boolean(exec.Tty),
    ...(request.consoleSize ? { consoleSize: request.consoleSize } : {}),
    who,
    capabilities: capabilitiesOf({ ...hostConfig, Privileged: privileged }, host),
    ...confinement(securityOf(hostConfig.SecurityOpt), privileged, host),
  });
}

/** The bounding set of a container; its seccomp program depends on it too. */
export function capabilitiesOf(hostConfig: StartRequest['hostConfig'], host: Pick<SpecHost, 'capabilities'>): string[] {
  const { CapAdd, CapDrop, Privileged } = hostConfig;
  return capabilitySet({ privileged: Boolean(Privileged), add: CapAdd ?? [], drop: CapDrop ?? [] }, host.capabilities);
}

/** What `SecurityOpt` asks for seccomp: a privileged container is unconfined whatever it says. */
export function seccompChoice(hostConfig: StartRequest['hostConfig'], daemonDefault: string): string {
  if (hostConfig.Privileged) return 'unconfined';
  return securityOf(hostConfig.SecurityOpt).seccomp ?? daemonDefault;
}

function securityOf(options: string[] | null | undefined): SecurityOptions {
  return parseSecurityOptions(options ?? []);
}

function confinement(security: SecurityOptions, privileged: boolean | undefined, host: SpecHost) {
  const profile = privileged ? 'unconfined' : security.apparmor;
  return {
    noNewPrivileges: security.noNewPrivileges ?? host.defaultNoNewPrivileges,
    ...(host.apparmor && profile ? { apparmor: profile } : {}),
  };
}

function consoleSizeOf(size: number[] | null | undefined) {
  const [height = 0, width = 0] = size ?? [];
  return height > 0 && width > 0 ? { consoleSize: { height, width } } : {};
}

function requireInit(host: SpecHost): string {
  if (host.initPath) return host.initPath;
  throw new DockerError('System', 'no init program is installed for --init');
}
