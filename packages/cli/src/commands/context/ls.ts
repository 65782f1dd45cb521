import { isNotFound } from '@tsdocker/shared/errors.ts';
import type { Cli } from '../../cli.ts';
import type { CommandSpec } from '../../command.ts';
import { listContexts } from '../../config/context-store.ts';
import { type ContextMetadata, DEFAULT_CONTEXT, readContextMetadata } from '../../config/contexts.ts';
import { type Columns, type Row, writeRows } from '../../format/format.ts';
import { naturalOrder } from '../../format/natural-order.ts';
import { ellipsis } from '../../format/text.ts';
import { LIST_FORMAT } from '../format-flag.ts';
import { contextOf, DEFAULT_DESCRIPTION } from './default-context.ts';

const ERROR_WIDTH = 45;

const COLUMNS: Columns = {
  typeName: '*formatter.clientContextContext',
  headers: { Name: 'NAME', Description: 'DESCRIPTION', DockerEndpoint: 'DOCKER ENDPOINT', Error: 'ERROR' },
  defaultTable: '{{.Name}}{{if .Current}} *{{end}}\t{{.Description}}\t{{.DockerEndpoint}}\t{{.Error}}',
  quiet: '{{.Name}}',
};

export const command: CommandSpec = {
  name: 'ls',
  aliases: ['list'],
  usage: '[OPTIONS]',
  summary: 'List contexts',
  flags: [LIST_FORMAT, { name: 'quiet', short: 'q', kind: 'bool', description: 'Print names only' }],
  args: { min: 0, max: 0 },
  async run(cli, _args, flags) {
    const options = { format: flags.string('format'), quiet: flags.bool('quiet') };
    writeRows(cli.stdout, COLUMNS, contextRows(cli), options);
    if (cli.env['DOCKER_HOST']) {
      cli.stderr.write(
        'Warning: DOCKER_HOST environment variable overrides the active context. To use a context, either set the global --context flag, or unset DOCKER_HOST environment variable.\n',
      );
    }
  },
};

/** `default` is one of them; so is a current context that is not there, with what is wrong. */
function contextRows(cli: Cli): Row[] {
  const current = cli.contextName();
  const stored = listContexts(cli.config().directory);
  const all = [defaultMetadata(cli), ...stored].map((metadata) => contextRow(metadata, current));
  if (!all.some(({ Name }) => Name === current)) all.push(missingRow(cli, current));
  return all.sort((a, b) => naturalOrder(String(a['Name']), String(b['Name'])));
}

function defaultMetadata(cli: Cli): ContextMetadata {
  return { ...contextOf(cli, DEFAULT_CONTEXT).metadata, Metadata: { Description: DEFAULT_DESCRIPTION } };
}

function contextRow({ Name, Metadata, Endpoints }: ContextMetadata, current: string): Row {
  const docker = Endpoints?.docker;
  return {
    Current: Name === current,
    Description: Metadata?.Description ?? '',
    DockerEndpoint: docker?.Host ?? '',
    Error: docker ? '' : 'cannot find docker endpoint in context',
    Name,
  };
}

function missingRow(cli: Cli, name: string): Row {
  try {
    return contextRow(readContextMetadata(cli.config().directory, name), name);
  } catch (err) {
    if (!isNotFound(err)) throw err;
    const why = ellipsis((err as Error).message, ERROR_WIDTH);
    return { Current: true, Description: '', DockerEndpoint: '', Error: why, Name: name };
  }
}
