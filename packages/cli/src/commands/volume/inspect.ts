import { inspectVolume } from '../../client/inspect.ts';
import type { CommandSpec } from '../../command.ts';
import { OBJECT_FORMAT } from '../format-flag.ts';
import { inspectObjects } from '../inspect-objects.ts';

export const command: CommandSpec = {
  name: 'inspect',
  usage: '[OPTIONS] VOLUME [VOLUME...]',
  summary: 'Show all there is to know of volumes',
  flags: [OBJECT_FORMAT],
  args: { min: 1, max: Number.POSITIVE_INFINITY },
  run: (cli, args, flags) =>
    inspectObjects(cli, args, flags.string('format'), (name) => inspectVolume(cli.client(), name, {})),
};
