/** Options that say what limits a container gets that asks for none. */

import { parseUlimit, type Ulimit } from '@tsdocker/shared/ulimit.ts';
import { ramInBytes } from '@tsdocker/shared/units.ts';
import type { LimitDefaults } from './config.ts';
import type { OptionSpec, OptionValue } from './schema.ts';

const DEFAULT_SHM_SIZE = '64M';

export const LIMIT_OPTIONS: OptionSpec[] = [
  {
    flag: 'cgroup-parent',
    key: 'cgroup-parent',
    kind: 'string',
    description: 'Parent cgroup of containers that name none',
  },
  {
    flag: 'cpu-rt-period',
    key: 'cpu-rt-period',
    kind: 'int',
    description: "Real-time period of the containers' parent cgroups in microseconds (cgroup v1)",
    default: 0,
  },
  {
    flag: 'cpu-rt-runtime',
    key: 'cpu-rt-runtime',
    kind: 'int',
    description: "Real-time CPU time in each period of the containers' parent cgroups in microseconds (cgroup v1)",
    default: 0,
  },
  {
    flag: 'default-cgroupns-mode',
    key: 'default-cgroupns-mode',
    kind: 'string',
    description: 'cgroup namespace of containers that name none: host or private (unset: private on cgroup v2)',
    check: (value) => {
      if (!['', 'host', 'private'].includes(String(value))) {
        throw new Error(`default cgroup namespace mode (${value}) is invalid; use "host" or "private"`);
      }
    },
  },
  {
    flag: 'default-shm-size',
    key: 'default-shm-size',
    kind: 'string',
    valueName: 'bytes',
    description: 'Size of /dev/shm of containers that name none',
    default: DEFAULT_SHM_SIZE,
    check: (value) => {
      ramInBytes(String(value));
    },
  },
  {
    flag: 'default-ulimit',
    key: 'default-ulimits',
    kind: 'list',
    valueName: 'ulimit',
    description: 'Ulimits of containers that do not set them, as name=soft[:hard]',
    fromFile: ulimitTexts,
    check: (value) => {
      for (const text of value as string[]) parseUlimit(text);
    },
  },
];

/** The file has an object by name instead of texts: `{"nofile":{"Name":"nofile","Soft":1024,"Hard":2048}}`. */
function ulimitTexts(value: unknown): string[] | undefined {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return undefined;
  const texts = Object.values(value).map((limit: Partial<Ulimit> | null) => {
    const { Name, Soft = 0, Hard = 0 } = limit ?? {};
    const isLimit = typeof Name === 'string' && Number.isInteger(Soft) && Number.isInteger(Hard);
    return isLimit ? `${Name}=${Soft}:${Hard}` : undefined;
  });
  return texts.every((text) => text !== undefined) ? texts : undefined;
}

/** @param values checked, by flag */
export function limitDefaults(values: ReadonlyMap<string, OptionValue>): LimitDefaults {
  const mode = values.get('default-cgroupns-mode');
  const ulimits = ((values.get('default-ulimit') as string[] | undefined) ?? []).map(parseUlimit);
  return {
    cgroupParent: (values.get('cgroup-parent') as string | undefined) ?? '',
    realtime: {
      periodMicros: values.get('cpu-rt-period') as number,
      runtimeMicros: values.get('cpu-rt-runtime') as number,
    },
    ...((mode === 'host' || mode === 'private') && { cgroupnsMode: mode }),
    shmBytes: ramInBytes(values.get('default-shm-size') as string),
    // By name, the last of a name wins.
    ulimits: [...new Map(ulimits.map((limit) => [limit.Name, limit])).values()],
  };
}
