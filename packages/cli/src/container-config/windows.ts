/** Limits that only a Windows daemon has. Docker lists and takes them when it speaks to one. */
import type { HostConfig } from '@tsdocker/shared/types/container.ts';
import type { FlagSpec, Flags } from '../command.ts';
import { parseBytes } from '../flags/bytes.ts';
import { withoutEmpty } from './areas.ts';

export const windowsFlags: FlagSpec[] = [
  { name: 'cpu-count', kind: 'int', hidden: true, description: 'CPU count (Windows only)' },
  { name: 'cpu-percent', kind: 'int', hidden: true, description: 'CPU percent (Windows only)' },
  {
    name: 'io-maxbandwidth',
    kind: 'custom',
    valueName: 'bytes',
    hidden: true,
    description: 'Maximum IO bandwidth limit for the system drive (Windows only)',
    parse: parseBytes,
  },
  {
    name: 'io-maxiops',
    kind: 'uint',
    hidden: true,
    description: 'Maximum IOps limit for the system drive (Windows only)',
  },
];

/** The names of the Windows flags that were given, in the order of their names. */
export function givenWindowsFlags(flags: Flags): string[] {
  return windowsFlags.map(({ name }) => name).filter((name) => flags.changed(name));
}

/** What docker says when the daemon's system is another. */
export function windowsOnly(names: readonly string[], system: string): string {
  return names
    .map(
      (name) =>
        `"--${name}" is only supported on a Docker daemon running on windows, but the Docker daemon is running on ${system}`,
    )
    .join('\n');
}

export function toWindows(flags: Flags): Partial<HostConfig> {
  return withoutEmpty({
    CpuCount: flags.number('cpu-count'),
    CpuPercent: flags.number('cpu-percent'),
    IOMaximumBandwidth: flags.custom<number>('io-maxbandwidth') ?? 0,
    IOMaximumIOps: flags.number('io-maxiops'),
  });
}
