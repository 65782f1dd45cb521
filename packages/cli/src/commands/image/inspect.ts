import { inspectImage } from '../../client/inspect.ts';
import type { CommandSpec } from '../../command.ts';
import { OBJECT_FORMAT } from '../format-flag.ts';
import { inspectObjects } from '../inspect-objects.ts';
import { PLATFORM_FLAG, platformOption } from './platform-flag.ts';

export const command: CommandSpec = {
  name: 'inspect',
  usage: '[OPTIONS] IMAGE [IMAGE...]',
  summary: 'Show all there is to know of images',
  flags: [OBJECT_FORMAT, { ...PLATFORM_FLAG, since: '1.49' }],
  args: { min: 1, max: Number.POSITIVE_INFINITY },
  run: (cli, args, flags) =>
    inspectObjects(cli, args, flags.string('format'), (name) =>
      inspectImage(cli.client(), name, platformOption(flags)),
    ),
};
