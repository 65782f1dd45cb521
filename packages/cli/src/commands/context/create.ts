import type { Cli } from '../../cli.ts';
import type { CommandSpec, Flags } from '../../command.ts';
import { checkContextName, hasContext, type StoredContext, saveContext } from '../../config/context-store.ts';
import { DEFAULT_CONTEXT } from '../../config/contexts.ts';
import { StatusError } from '../../status-error.ts';
import { contextOf, DEFAULT_DESCRIPTION } from './default-context.ts';
import { DOCKER_FLAG, dockerEndpointOf, ENDPOINT_HELP } from './docker-endpoint.ts';

export const command: CommandSpec = {
  name: 'create',
  usage: '[OPTIONS] CONTEXT',
  summary: 'Make a context',
  description: `Make a context: of --docker, else a copy of --from, else a copy of the current one\n\n${ENDPOINT_HELP}`,
  flags: [
    { name: 'description', kind: 'string', description: 'What it is for' },
    DOCKER_FLAG,
    { name: 'from', kind: 'string', description: 'Copy this context' },
  ],
  args: { min: 1, max: 1 },
  async run(cli, [name = ''], flags) {
    checkNewContextName(cli, name);
    saveContext(cli.config().directory, newContext(cli, name, flags));
    cli.stdout.write(`${name}\n`);
    cli.stderr.write(`Successfully created context "${name}"\n`);
  },
};

/** @throws DockerError, StatusError when there is one */
export function checkNewContextName(cli: Cli, name: string): void {
  checkContextName(name);
  if (hasContext(cli.config().directory, name)) throw new StatusError(1, `context "${name}" already exists`);
}

function newContext(cli: Cli, name: string, flags: Flags): StoredContext {
  const from = flags.string('from');
  if (from !== '' && flags.changed('docker')) throw new StatusError(1, 'cannot use --docker flag when --from is set');
  const endpoint = dockerEndpointOf(cli, flags);
  const description = flags.string('description');
  if (!endpoint) return copyOf(cli, from || cli.contextName(), name, description);
  return {
    metadata: {
      Name: name,
      Metadata: description === '' ? {} : { Description: description },
      Endpoints: { docker: endpoint.metadata },
    },
    tls: endpoint.tls,
  };
}

function copyOf(cli: Cli, from: string, name: string, description: string): StoredContext {
  const { metadata, tls } = contextOf(cli, from);
  const own = description || (from === DEFAULT_CONTEXT ? DEFAULT_DESCRIPTION : '');
  return {
    metadata: { ...metadata, Name: name, Metadata: { ...metadata.Metadata, ...(own && { Description: own }) } },
    tls,
  };
}
