/** Volumes, binds, mounts and tmpfs. */
import type { ContainerConfig, HostConfig } from '@tsdocker/shared/types/container.ts';
import type { FlagSpec, Flags } from '../command.ts';
import { cut } from '../flags/go-number.ts';
import { parseMount } from '../flags/mount.ts';
import { parseVolume } from '../flags/volume.ts';
import { type Surroundings, withoutEmpty } from './areas.ts';

export const mountFlags: FlagSpec[] = [
  { name: 'volume', short: 'v', kind: 'list', description: 'Bind mount a volume' },
  {
    name: 'mount',
    kind: 'list',
    valueName: 'mount',
    description: 'Attach a filesystem mount to the container',
    // Where a relative source begins does not matter for whether the value is good.
    parse: (text) => parseMount(text, '/'),
  },
  { name: 'tmpfs', kind: 'list', description: 'Mount a tmpfs directory' },
  { name: 'volumes-from', kind: 'list', description: 'Mount volumes from the specified container(s)' },
  { name: 'volume-driver', kind: 'string', description: 'Optional volume driver for the container' },
];

/** @throws Docker's words for a bad volume */
export function toMounts(flags: Flags, around: Surroundings): { config: ContainerConfig; host: Partial<HostConfig> } {
  // A value given twice is one volume.
  const volumes = [...new Set(flags.list('volume'))].map((text) => parseVolume(text, around.cwd));
  const anonymous = volumes.flatMap((volume) => ('anonymous' in volume ? [[volume.anonymous, {}]] : []));
  return {
    config: withoutEmpty({ Volumes: Object.fromEntries(anonymous) as Record<string, unknown> }),
    host: withoutEmpty({
      Binds: volumes.flatMap((volume) => ('bind' in volume ? [volume.bind] : [])),
      Mounts: flags.list('mount').map((text) => parseMount(text, around.cwd)),
      Tmpfs: toTmpfs(flags.list('tmpfs')),
      VolumesFrom: flags.list('volumes-from'),
      VolumeDriver: flags.string('volume-driver'),
    }),
  };
}

/** `path[:options]` as a map of path to options. */
function toTmpfs(texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => {
      const { before, after } = cut(text, ':');
      return [before, after];
    }),
  );
}
