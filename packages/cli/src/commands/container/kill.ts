import { containerKill } from '../../client/container.ts';
import type { CommandSpec } from '../../command.ts';
import { forEachTarget } from '../targets.ts';

export const command: CommandSpec = {
  name: 'kill',
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  summary: 'Kill running containers',
  flags: [{ name: 'signal', short: 's', kind: 'string', description: 'Signal to send (KILL when not given)' }],
  args: { min: 1, max: Number.POSITIVE_INFINITY },
  async run(cli, args, flags) {
    const signal = flags.string('signal') || undefined;
    await forEachTarget(cli, args, (container) => containerKill(cli.client(), container, signal));
  },
};
