import type { Resources } from '@tsdocker/shared/types/container.ts';
import type { Cli } from '../../cli.ts';
import { containerUpdate } from '../../client/container.ts';
import type { CommandSpec, FlagSpec, Flags } from '../../command.ts';
import { parseBytes, parseMemorySwap } from '../../flags/bytes.ts';
import { parseCpus } from '../../flags/cpus.ts';
import { parseRestartPolicy } from '../../flags/restart.ts';
import { goParseUint } from '../../go-numbers.ts';
import { StatusError } from '../../status-error.ts';
import { eachInTurn } from '../targets.ts';

const bytes = (name: string, description: string): FlagSpec => ({
  name,
  kind: 'custom',
  valueName: 'bytes',
  description,
  parse: parseBytes,
});
const int = (name: string, description: string): FlagSpec => ({ name, kind: 'int', description });

const FLAGS: FlagSpec[] = [
  {
    name: 'blkio-weight',
    kind: 'custom',
    valueName: 'uint16',
    description: 'Share of disk time, 10 to 1000 (0: none set)',
    parse: (text) => goParseUint(text, 16),
  },
  int('cpu-period', 'Length of a CFS period in microseconds'),
  int('cpu-quota', 'CPU time in each CFS period in microseconds'),
  { ...int('cpu-rt-period', 'Length of a real-time period in microseconds'), since: '1.25' },
  { ...int('cpu-rt-runtime', 'Real-time CPU time in each period in microseconds'), since: '1.25' },
  { ...int('cpu-shares', 'Share of CPU time against other containers'), short: 'c' },
  {
    name: 'cpus',
    kind: 'custom',
    valueName: 'decimal',
    description: 'Number of CPUs',
    parse: parseCpus,
    since: '1.29',
  },
  { name: 'cpuset-cpus', kind: 'string', description: 'CPUs to run on (`0-3`, `0,1`)' },
  { name: 'cpuset-mems', kind: 'string', description: 'Memory nodes to use (`0-3`, `0,1`)' },
  { ...bytes('kernel-memory', 'Without effect'), hidden: true, deprecated: 'and no longer supported by the kernel' },
  { ...bytes('memory', 'Memory limit'), short: 'm' },
  bytes('memory-reservation', 'Memory below which nothing is reclaimed'),
  {
    ...bytes('memory-swap', 'Limit of memory and swap together (-1: any swap)'),
    parse: parseMemorySwap,
  },
  { ...int('pids-limit', 'Number of processes and threads (-1: any)'), since: '1.40' },
  { name: 'restart', kind: 'string', description: 'What to do when it ends', parse: parseRestartPolicy },
];

/** Flag to the API's member. */
const NUMBERS: Readonly<Record<string, keyof Resources>> = {
  'cpu-period': 'CpuPeriod',
  'cpu-quota': 'CpuQuota',
  'cpu-rt-period': 'CpuRealtimePeriod',
  'cpu-rt-runtime': 'CpuRealtimeRuntime',
  'cpu-shares': 'CpuShares',
  'pids-limit': 'PidsLimit',
};
const PARSED: Readonly<Record<string, keyof Resources>> = {
  'blkio-weight': 'BlkioWeight',
  cpus: 'NanoCpus',
  memory: 'Memory',
  'memory-reservation': 'MemoryReservation',
  'memory-swap': 'MemorySwap',
};
const TEXTS: Readonly<Record<string, keyof Resources>> = { 'cpuset-cpus': 'CpusetCpus', 'cpuset-mems': 'CpusetMems' };

export const command: CommandSpec = {
  name: 'update',
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  summary: 'Change limits and restart policy of containers',
  flags: FLAGS,
  args: { min: 1, max: Number.POSITIVE_INFINITY },
  run: update,
};

async function update(cli: Cli, args: string[], flags: Flags): Promise<void> {
  if (!FLAGS.some(({ name }) => flags.changed(name))) {
    throw new StatusError(1, 'you must provide one or more flags when using this command');
  }
  const restart = flags.string('restart');
  const body = {
    ...given(flags, NUMBERS, (name) => flags.number(name)),
    ...given(flags, PARSED, (name) => flags.custom<number>(name)),
    ...given(flags, TEXTS, (name) => flags.string(name)),
    ...(restart === '' ? {} : { RestartPolicy: parseRestartPolicy(restart) as never }),
  };
  const warnings: string[] = [];
  await eachInTurn(args, async (container) => {
    const { Warnings } = await containerUpdate(cli.client(), container, body);
    cli.stdout.write(`${container}\n`);
    warnings.push(...(Warnings ?? []));
  }).finally(() => {
    if (warnings.length > 0) cli.stdout.write(`${warnings.join('\n')}\n`);
  });
}

/** Members for the flags that were given: 0 lifts a limit, absent keeps it. */
function given(
  flags: Flags,
  members: Readonly<Record<string, keyof Resources>>,
  value: (name: string) => unknown,
): Resources {
  const names = Object.keys(members).filter((name) => flags.changed(name));
  return Object.fromEntries(names.map((name) => [members[name]!, value(name)]));
}
