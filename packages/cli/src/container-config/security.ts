/** Privileges and namespaces. */
import type { HostConfig } from '@tsdocker/shared/types/container.ts';
import type { FlagSpec, Flags } from '../command.ts';
import { toCapabilities } from '../flags/capability.ts';
import { toMap } from '../flags/label.ts';
import { parseSecurityOptions } from '../flags/security-opt.ts';
import { checkSysctl } from '../flags/sysctl.ts';
import { type Surroundings, withoutEmpty } from './areas.ts';

export const securityFlags: FlagSpec[] = [
  { name: 'privileged', kind: 'bool', description: 'Give extended privileges to this container' },
  { name: 'read-only', kind: 'bool', description: "Mount the container's root filesystem as read only" },
  { name: 'cap-add', kind: 'list', description: 'Add Linux capabilities' },
  { name: 'cap-drop', kind: 'list', description: 'Drop Linux capabilities' },
  { name: 'security-opt', kind: 'list', description: 'Security Options' },
  { name: 'group-add', kind: 'list', description: 'Add additional groups to join' },
  { name: 'sysctl', kind: 'list', valueName: 'map', description: 'Sysctl options', parse: checkSysctl },
  { name: 'ipc', kind: 'string', description: 'IPC mode to use' },
  { name: 'pid', kind: 'string', description: 'PID namespace to use' },
  { name: 'uts', kind: 'string', description: 'UTS namespace to use' },
  { name: 'userns', kind: 'string', description: 'User namespace to use' },
  {
    name: 'cgroupns',
    kind: 'string',
    since: '1.41',
    description: "Cgroup namespace to use (host|private); '' leaves it to the daemon's default-cgroupns-mode",
  },
];

/** @throws for a namespace mode that cannot be, a bad --security-opt, an unreadable seccomp profile */
export function toSecurity(flags: Flags, around: Surroundings): Partial<HostConfig> {
  const namespaces = toNamespaces(flags);
  const { options, unconfinedPaths } = parseSecurityOptions(flags.list('security-opt'), around.cwd);
  return {
    ...namespaces,
    ...withoutEmpty({
      Privileged: flags.bool('privileged'),
      ReadonlyRootfs: flags.bool('read-only'),
      CapAdd: toCapabilities(flags.list('cap-add')),
      CapDrop: toCapabilities(flags.list('cap-drop')),
      SecurityOpt: options,
      GroupAdd: flags.list('group-add'),
      Sysctls: toMap(flags.list('sysctl')),
    }),
    // Empty is not absent here: it says that no path is masked.
    ...(unconfinedPaths ? { MaskedPaths: [], ReadonlyPaths: [] } : {}),
  };
}

function toNamespaces(flags: Flags): Partial<HostConfig> {
  const pid = flags.string('pid');
  if (!['', 'host'].includes(pid) && !/^container:./.test(pid)) throw new Error('--pid: invalid PID mode');
  const mode = (name: string, kind: string, modes: string[]): string => {
    const value = flags.string(name);
    if (!modes.includes(value)) throw new Error(`--${name}: invalid ${kind} mode`);
    return value;
  };
  return withoutEmpty({
    PidMode: pid,
    UTSMode: mode('uts', 'UTS', ['', 'host']),
    // `private` is this engine's own: docker's client knows the host's and none.
    UsernsMode: mode('userns', 'USER', ['', 'host', 'private']),
    CgroupnsMode: mode('cgroupns', 'CGROUP', ['', 'private', 'host']) as NonNullable<HostConfig['CgroupnsMode']>,
    IpcMode: flags.string('ipc'),
  });
}
