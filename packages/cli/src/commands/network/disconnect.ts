import { networkDisconnect } from '../../client/network.ts';
import type { CommandSpec } from '../../command.ts';

export const command: CommandSpec = {
  name: 'disconnect',
  usage: '[OPTIONS] NETWORK CONTAINER',
  summary: 'Take a container off a network',
  flags: [{ name: 'force', short: 'f', kind: 'bool', description: 'Also when the container does not answer for it' }],
  args: { min: 2, max: 2 },
  async run(cli, [network = '', container = ''], flags) {
    await networkDisconnect(cli.client(), network, { Container: container, Force: flags.bool('force') });
  },
};
