import { volumeInspect, volumeUpdate } from '../../client/volume.ts';
import type { CommandSpec } from '../../command.ts';
import { StatusError } from '../../status-error.ts';

export const command: CommandSpec = {
  name: 'update',
  usage: '[OPTIONS] VOLUME',
  summary: 'Change a cluster volume',
  flags: [
    {
      name: 'availability',
      kind: 'string',
      default: 'active',
      description: 'active, pause or drain',
      since: '1.42',
    },
  ],
  args: { min: 1, max: 1 },
  async run(cli, [name = ''], flags) {
    const { ClusterVolume } = await volumeInspect(cli.client(), name);
    if (!ClusterVolume) throw new StatusError(1, 'Can only update cluster volumes');
    const Spec = {
      ...ClusterVolume.Spec,
      ...(flags.changed('availability') && { Availability: flags.string('availability') }),
    };
    await volumeUpdate(cli.client(), ClusterVolume.ID ?? name, ClusterVolume.Version?.Index ?? 0, { Spec });
  },
};
