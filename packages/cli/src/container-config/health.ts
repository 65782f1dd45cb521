/** The health check that replaces or switches off the image's. */
import type { HealthConfig } from '@tsdocker/shared/types/container.ts';
import type { FlagSpec, Flags } from '../command.ts';
import { parseDuration } from '../flags/duration.ts';
import { withoutEmpty } from './areas.ts';

const duration = (name: string, description: string, since?: string): FlagSpec => ({
  name,
  kind: 'custom',
  valueName: 'duration',
  description,
  parse: parseDuration,
  ...(since ? { since } : {}),
});

export const healthFlags: FlagSpec[] = [
  { name: 'health-cmd', kind: 'string', description: 'Command to run to check health' },
  duration('health-interval', 'Time between running the check (ms|s|m|h)'),
  duration('health-timeout', 'Maximum time to allow one check to run (ms|s|m|h)'),
  { name: 'health-retries', kind: 'int', description: 'Consecutive failures needed to report unhealthy' },
  duration('health-start-period', 'Time to initialize before failures count (ms|s|m|h)', '1.29'),
  duration('health-start-interval', 'Time between checks during the start period (ms|s|m|h)', '1.44'),
  { name: 'no-healthcheck', kind: 'bool', description: 'Disable any container-specified HEALTHCHECK' },
];

/** Undefined: the image's own. Times are nanoseconds. @throws for negative values and --no-healthcheck with others */
export function toHealth(flags: Flags): HealthConfig | undefined {
  const command = flags.string('health-cmd');
  const nanos = (name: string): number => flags.custom<number>(name) ?? 0;
  const numbers = {
    'health-interval': nanos('health-interval'),
    'health-timeout': nanos('health-timeout'),
    'health-retries': flags.number('health-retries'),
    'health-start-period': nanos('health-start-period'),
    'health-start-interval': nanos('health-start-interval'),
  };
  const any = command !== '' || Object.values(numbers).some((value) => value !== 0);
  if (flags.bool('no-healthcheck')) {
    if (any) throw new Error('--no-healthcheck conflicts with --health-* options');
    return { Test: ['NONE'] };
  }
  if (!any) return undefined;
  for (const [name, value] of Object.entries(numbers)) {
    if (value < 0) throw new Error(`--${name} cannot be negative`);
  }
  return withoutEmpty({
    Test: command === '' ? [] : ['CMD-SHELL', command],
    Interval: numbers['health-interval'],
    Timeout: numbers['health-timeout'],
    Retries: numbers['health-retries'],
    StartPeriod: numbers['health-start-period'],
    StartInterval: numbers['health-start-interval'],
  });
}
