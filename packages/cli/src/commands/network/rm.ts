import { networkRemove } from '../../client/network.ts';
import type { CommandSpec } from '../../command.ts';
import { StatusError } from '../../status-error.ts';
import { forEachTarget } from '../targets.ts';

export const command: CommandSpec = {
  name: 'rm',
  aliases: ['remove'],
  usage: 'NETWORK [NETWORK...]',
  summary: 'Remove networks',
  flags: [{ name: 'force', short: 'f', kind: 'bool', description: 'Missing networks are no failure' }],
  args: { min: 1, max: Number.POSITIVE_INFINITY },
  async run(cli, args, flags) {
    const removing = forEachTarget(cli, args, async (network) => {
      try {
        await networkRemove(cli.client(), network);
        return undefined;
      } catch (err) {
        if (flags.bool('force') && (err as { code?: string }).code === 'NotFound') return 'unnamed';
        throw err;
      }
    });
    // docker tells its exit status, too.
    await removing.catch((err: Error) => {
      throw new StatusError(1, `${err.message}\nexit status 1`);
    });
  },
};
