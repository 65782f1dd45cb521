import { volumeRemove } from '../../client/volume.ts';
import type { CommandSpec } from '../../command.ts';
import { forEachTarget } from '../targets.ts';

export const command: CommandSpec = {
  name: 'rm',
  aliases: ['remove'],
  usage: '[OPTIONS] VOLUME [VOLUME...]',
  summary: 'Remove volumes',
  description: 'Remove volumes. One that a container uses is not removed.',
  flags: [{ name: 'force', short: 'f', kind: 'bool', description: 'Missing volumes are no failure', since: '1.25' }],
  args: { min: 1, max: Number.POSITIVE_INFINITY },
  async run(cli, args, flags) {
    const force = flags.bool('force');
    await forEachTarget(cli, args, (volume) => volumeRemove(cli.client(), volume, { force }));
  },
};
