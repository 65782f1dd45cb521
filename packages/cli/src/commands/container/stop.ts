import { containerStop } from '../../client/container.ts';
import type { CommandSpec } from '../../command.ts';
import { forEachTarget } from '../targets.ts';
import { STOP_FLAGS, stopOptions } from './stop-options.ts';

export const command: CommandSpec = {
  name: 'stop',
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  summary: 'Stop running containers',
  flags: STOP_FLAGS,
  args: { min: 1, max: Number.POSITIVE_INFINITY },
  async run(cli, args, flags) {
    const options = stopOptions(flags);
    await forEachTarget(cli, args, (container) => containerStop(cli.client(), container, options));
  },
};
