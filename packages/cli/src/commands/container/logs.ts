import { StdcopyDecoder } from '@tsdocker/shared/stdcopy.ts';
import type { Cli } from '../../cli.ts';
import { containerInspect, containerLogs } from '../../client/container.ts';
import type { CommandSpec, Flags } from '../../command.ts';
import { pumpInto } from '../../streams/pump.ts';
import { toApiTime } from '../time-arguments.ts';

export const command: CommandSpec = {
  name: 'logs',
  usage: '[OPTIONS] CONTAINER',
  summary: 'Print the logs of a container',
  flags: [
    { name: 'details', kind: 'bool', description: 'Print the extra attributes of the log driver' },
    { name: 'follow', short: 'f', kind: 'bool', description: 'Go on with what is written from now' },
    { name: 'since', kind: 'string', description: 'From this time (`2013-01-02T13:23:37Z`) or so long ago (`42m`)' },
    { name: 'tail', short: 'n', kind: 'string', default: 'all', description: 'Number of lines from the end' },
    { name: 'timestamps', short: 't', kind: 'bool', description: 'Print the time of each line' },
    {
      name: 'until',
      kind: 'string',
      description: 'Up to this time (`2013-01-02T13:23:37Z`) or so long ago (`42m`)',
      since: '1.35',
    },
  ],
  args: { min: 1, max: 1 },
  run: logs,
};

async function logs(cli: Cli, args: string[], flags: Flags): Promise<void> {
  const container = await containerInspect(cli.client(), args[0]!);
  const stream = await containerLogs(cli.client(), container.Id ?? args[0]!, {
    stdout: true,
    stderr: true,
    follow: flags.bool('follow'),
    timestamps: flags.bool('timestamps'),
    details: flags.bool('details'),
    tail: flags.string('tail'),
    since: timeOf(flags, 'since'),
    until: timeOf(flags, 'until'),
  });
  if (container.Config?.Tty) return pumpInto(stream, (chunk) => cli.stdout.stream.write(chunk), [cli.stdout.stream]);
  const decoder = new StdcopyDecoder((which, data) => {
    (which === 2 ? cli.stderr : cli.stdout).stream.write(data);
  });
  await pumpInto(stream, (chunk) => decoder.push(chunk), [cli.stdout.stream, cli.stderr.stream]);
}

function timeOf(flags: Flags, name: 'since' | 'until'): string {
  const text = flags.string(name);
  try {
    return text && toApiTime(text);
  } catch (err) {
    throw new Error(`invalid value for "${name}": ${(err as Error).message}`);
  }
}
