import { containerExport } from '../../client/container.ts';
import type { CommandSpec } from '../../command.ts';
import { downloadTarget } from '../../streams/download-target.ts';

export const command: CommandSpec = {
  name: 'export',
  usage: '[OPTIONS] CONTAINER',
  summary: "Write a container's root file system to an archive",
  description: "Write a container's root file system, without its volumes, to a tar archive: a file, or stdout",
  flags: [{ name: 'output', short: 'o', kind: 'string', description: 'Write this file instead of stdout' }],
  args: { min: 1, max: 1 },
  async run(cli, [container = ''], flags) {
    const target = await downloadTarget(cli, flags.string('output'), 'failed to export container');
    await target(await containerExport(cli.client(), container));
  },
};
