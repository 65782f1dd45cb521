/** How the daemon keeps the container: restart, removal, log, runtime, storage. */
import type { HostConfig } from '@tsdocker/shared/types/container.ts';
import type { FlagSpec, Flags } from '../command.ts';
import { cut } from '../flags/go-number.ts';
import { toMap } from '../flags/label.ts';
import { parseRestartPolicy } from '../flags/restart.ts';
import { withoutEmpty } from './areas.ts';

type LogType = NonNullable<NonNullable<HostConfig['LogConfig']>['Type']>;

export const lifecycleFlags: FlagSpec[] = [
  { name: 'restart', kind: 'string', default: 'no', description: 'Restart policy to apply when a container exits' },
  {
    name: 'rm',
    kind: 'bool',
    description: 'Automatically remove the container and its associated anonymous volumes when it exits',
  },
  { name: 'init', kind: 'bool', since: '1.25', description: 'Run an init that forwards signals and reaps processes' },
  { name: 'cidfile', kind: 'string', description: 'Write the container ID to the file' },
  { name: 'log-driver', kind: 'string', description: 'Logging driver for the container' },
  { name: 'log-opt', kind: 'list', description: 'Log driver options' },
  { name: 'runtime', kind: 'string', description: 'Runtime to use for this container' },
  { name: 'isolation', kind: 'string', description: 'Container isolation technology' },
  { name: 'storage-opt', kind: 'list', description: 'Storage driver options for the container' },
  {
    name: 'annotation',
    kind: 'list',
    valueName: 'map',
    since: '1.43',
    description: 'Add an annotation to the container (passed through to the OCI runtime)',
  },
];

/** @throws Docker's words for a bad policy and for options that contradict each other */
export function toLifecycle(flags: Flags): Partial<HostConfig> {
  const restart = parseRestartPolicy(flags.string('restart'));
  if (flags.bool('rm') && !['', 'no'].includes(restart.Name)) {
    throw new Error('conflicting options: cannot specify both --restart and --rm');
  }
  return {
    RestartPolicy: restart as NonNullable<HostConfig['RestartPolicy']>,
    ...withoutEmpty({
      AutoRemove: flags.bool('rm'),
      ContainerIDFile: flags.string('cidfile'),
      LogConfig: toLog(flags),
      Runtime: flags.string('runtime'),
      Isolation: flags.string('isolation') as NonNullable<HostConfig['Isolation']>,
      StorageOpt: toStorageOptions(flags.list('storage-opt')),
      Annotations: toMap(flags.list('annotation')),
    }),
    ...(flags.changed('init') ? { Init: flags.bool('init') } : {}),
  };
}

function toLog(flags: Flags): HostConfig['LogConfig'] {
  const driver = flags.string('log-driver');
  const options = flags.list('log-opt');
  if (driver === 'none' && options.length > 0) throw new Error(`invalid logging opts for driver ${driver}`);
  return withoutEmpty({ Type: driver as LogType, Config: toMap(options) });
}

function toStorageOptions(texts: readonly string[]): Record<string, string> {
  if (texts.some((text) => !cut(text, '=').found)) throw new Error('invalid storage option');
  return toMap(texts);
}
