/** Options that say how containers are confined that do not say it themselves. */
import { resolve } from 'node:path';
import type { SecurityDefaults } from './config.ts';
import type { OptionSpec, OptionValue } from './schema.ts';

export const SECURITY_OPTIONS: OptionSpec[] = [
  {
    flag: 'seccomp-profile',
    key: 'seccomp-profile',
    kind: 'string',
    description: 'seccomp profile of containers that name none: builtin, unconfined or the path of a file',
    default: 'builtin',
  },
  {
    flag: 'no-new-privileges',
    key: 'no-new-privileges',
    kind: 'bool',
    description: 'Set no-new-privileges on containers that do not say',
  },
  {
    flag: 'default-ipc-mode',
    key: 'default-ipc-mode',
    kind: 'string',
    description: 'IPC namespace of containers that name none: shareable or private',
    default: 'private',
    check: checkIpcMode,
  },
  {
    flag: 'userns-remap',
    key: 'userns-remap',
    kind: 'string',
    description: 'Account whose subordinate ids containers get, in user namespaces: user[:group] or default',
  },
  { flag: 'init', key: 'init', kind: 'bool', description: 'An init process in containers that do not say' },
  {
    flag: 'init-path',
    key: 'init-path',
    kind: 'string',
    description: "Init program of --init (unset: the engine's own)",
  },
];

/** In docker's words. */
function checkIpcMode(value: OptionValue): void {
  const mode = String(value);
  const hint = 'use "private" or "shareable"';
  if (['', 'private', 'shareable'].includes(mode)) return;
  if (mode === 'host' || mode === 'none' || /^container:.+/.test(mode)) {
    throw new Error(`IPC mode "${mode}" is not supported as default value; ${hint}`);
  }
  throw new Error(`default IPC mode setting (${mode}) is invalid; ${hint}`);
}

/** @param values checked, by flag */
export function securityDefaults(values: ReadonlyMap<string, OptionValue>): SecurityDefaults {
  const profile = values.get('seccomp-profile') as string;
  const initPath = values.get('init-path') as string | undefined;
  return {
    seccompProfile: ['', 'builtin', 'unconfined'].includes(profile) ? profile || 'builtin' : resolve(profile),
    noNewPrivileges: values.get('no-new-privileges') === true,
    ipcMode: values.get('default-ipc-mode') === 'shareable' ? 'shareable' : 'private',
    usernsRemap: (values.get('userns-remap') as string | undefined) ?? '',
    init: values.get('init') === true,
    ...(initPath && { initPath: resolve(initPath) }),
  };
}
