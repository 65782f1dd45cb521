import { inspectNetwork } from '../../client/inspect.ts';
import type { CommandSpec } from '../../command.ts';
import { OBJECT_FORMAT } from '../format-flag.ts';
import { inspectObjects } from '../inspect-objects.ts';

export const command: CommandSpec = {
  name: 'inspect',
  usage: '[OPTIONS] NETWORK [NETWORK...]',
  summary: 'Show all there is to know of networks',
  flags: [OBJECT_FORMAT, { name: 'verbose', short: 'v', kind: 'bool', description: 'Ask for services and tasks too' }],
  args: { min: 1, max: Number.POSITIVE_INFINITY },
  run: (cli, args, flags) =>
    inspectObjects(cli, args, flags.string('format'), (name) =>
      inspectNetwork(cli.client(), name, { verbose: flags.bool('verbose') }),
    ),
};
