import { containerUnpause } from '../../client/container.ts';
import type { CommandSpec } from '../../command.ts';
import { forEachTarget } from '../targets.ts';

export const command: CommandSpec = {
  name: 'unpause',
  usage: 'CONTAINER [CONTAINER...]',
  summary: 'Let paused containers go on',
  flags: [],
  args: { min: 1, max: Number.POSITIVE_INFINITY },
  run: (cli, args) => forEachTarget(cli, args, (container) => containerUnpause(cli.client(), container)),
};
