import type { Cli } from '../../cli.ts';
import { imageSave } from '../../client/image.ts';
import type { CommandSpec, Flags } from '../../command.ts';
import { downloadTarget } from '../../streams/download-target.ts';
import { PLATFORM_LIST_FLAG, platformsOption } from './platform-flag.ts';

export const command: CommandSpec = {
  name: 'save',
  usage: '[OPTIONS] IMAGE [IMAGE...]',
  summary: 'Write images to an archive',
  description: 'Write images to an archive: a file, or stdout',
  flags: [
    { name: 'output', short: 'o', kind: 'string', description: 'Write this file instead of stdout' },
    { ...PLATFORM_LIST_FLAG, since: '1.48' },
  ],
  args: { min: 1, max: Number.POSITIVE_INFINITY },
  run: save,
};

async function save(cli: Cli, args: string[], flags: Flags): Promise<void> {
  const target = await downloadTarget(cli, flags.string('output'), 'failed to save image');
  await target(await imageSave(cli.client(), args, platformsOption(flags)));
}
