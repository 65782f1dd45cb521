import type { CommandSpec } from '../../command.ts';
import { checkContextName, loadContext, saveContext } from '../../config/context-store.ts';
import { DOCKER_FLAG, dockerEndpointOf, ENDPOINT_HELP } from './docker-endpoint.ts';

export const command: CommandSpec = {
  name: 'update',
  usage: '[OPTIONS] CONTEXT',
  summary: 'Change a context',
  description: `Change a context: --docker replaces its daemon whole\n\n${ENDPOINT_HELP}`,
  flags: [{ name: 'description', kind: 'string', description: 'What it is for' }, DOCKER_FLAG],
  args: { min: 1, max: 1 },
  async run(cli, [name = ''], flags) {
    checkContextName(name);
    const { directory } = cli.config();
    const { metadata, tls } = loadContext(directory, name);
    const endpoint = dockerEndpointOf(cli, flags);
    const Description = flags.string('description');
    saveContext(directory, {
      metadata: {
        Name: name,
        Metadata: { ...metadata.Metadata, ...(Description && { Description }) },
        Endpoints: { ...metadata.Endpoints, ...(endpoint && { docker: endpoint.metadata }) },
      },
      tls: endpoint ? withDocker(tls, endpoint.tls) : tls,
    });
    cli.stdout.write(`${name}\n`);
    cli.stderr.write(`Successfully updated context "${name}"\n`);
  },
};

function withDocker<T>(all: Record<string, T>, docker: Record<string, T>): Record<string, T> {
  const { docker: _replaced, ...others } = all;
  return { ...others, ...docker };
}
