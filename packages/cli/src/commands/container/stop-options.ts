/** What stop and restart share. */
import type { StopOptions } from '../../client/container.ts';
import type { FlagSpec, Flags } from '../../command.ts';

export const STOP_FLAGS: FlagSpec[] = [
  { name: 'signal', short: 's', kind: 'string', description: 'Signal to send', since: '1.42' },
  {
    name: 'time',
    kind: 'int',
    description: 'Old name of --timeout',
    hidden: true,
    aliasOf: 'timeout',
    deprecated: 'use --timeout instead',
  },
  { name: 'timeout', short: 't', kind: 'int', description: 'Seconds to wait before the kill' },
];

/** Absent flags leave the container's own signal and timeout. */
export function stopOptions(flags: Flags): StopOptions {
  return {
    ...(flags.changed('signal') ? { signal: flags.string('signal') } : {}),
    ...(flags.changed('timeout') ? { timeoutSeconds: flags.number('timeout') } : {}),
  };
}
