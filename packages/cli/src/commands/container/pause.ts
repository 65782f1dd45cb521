import { containerPause } from '../../client/container.ts';
import type { CommandSpec } from '../../command.ts';
import { forEachTarget } from '../targets.ts';

export const command: CommandSpec = {
  name: 'pause',
  usage: 'CONTAINER [CONTAINER...]',
  summary: 'Pause all processes of containers',
  flags: [],
  args: { min: 1, max: Number.POSITIVE_INFINITY },
  run: (cli, args) => forEachTarget(cli, args, (container) => containerPause(cli.client(), container)),
};
