import { inspectContainer } from '../../client/inspect.ts';
import type { CommandSpec } from '../../command.ts';
import { OBJECT_FORMAT } from '../format-flag.ts';
import { inspectObjects } from '../inspect-objects.ts';

export const command: CommandSpec = {
  name: 'inspect',
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  summary: 'Show all there is to know of containers',
  flags: [OBJECT_FORMAT, { name: 'size', short: 's', kind: 'bool', description: 'Count sizes on disk' }],
  args: { min: 1, max: Number.POSITIVE_INFINITY },
  run: (cli, args, flags) =>
    inspectObjects(cli, args, flags.string('format'), (name) =>
      inspectContainer(cli.client(), name, { size: flags.bool('size') }),
    ),
};
