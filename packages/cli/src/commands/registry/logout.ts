import type { CommandSpec } from '../../command.ts';
import { eraseCredentials } from '../../config/credential-store.ts';
import { INDEX_SERVER, serverOfDomain } from '../../config/credentials.ts';

export const command: CommandSpec = {
  name: 'logout',
  usage: '[SERVER]',
  summary: 'Forget the credentials of a registry',
  description: 'Forget the credentials of a registry; without a name, of Docker Hub',
  flags: [],
  args: { min: 0, max: 1 },
  async run(cli, args) {
    const server =
      args[0] === undefined ? INDEX_SERVER : serverOfDomain(args[0].replace(/^https?:\/\//, '').replace(/\/$/, ''));
    cli.stdout.write(`Removing login credentials for ${args[0] ?? server}\n`);
    await eraseCredentials(cli, server);
  },
};
