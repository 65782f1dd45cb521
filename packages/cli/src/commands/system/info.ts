import { PRODUCT_VERSION } from '@tsdocker/shared/api-version.ts';
import type { SystemInfo } from '@tsdocker/shared/types/system.ts';
import type { Cli } from '../../cli.ts';
import { errorText } from '../../client/errors.ts';
import { systemInfo } from '../../client/system.ts';
import type { CommandSpec, Flags } from '../../command.ts';
import { serverInfoText } from '../../format/info-text.ts';
import { StatusError } from '../../status-error.ts';
import { OBJECT_FORMAT } from '../format-flag.ts';
import { formatObject } from './object-format.ts';

export const command: CommandSpec = {
  name: 'info',
  usage: '[OPTIONS]',
  summary: 'Show the state of the daemon and its host',
  flags: [OBJECT_FORMAT],
  args: { min: 0, max: 0 },
  run: info,
};

async function info(cli: Cli, _args: string[], flags: Flags): Promise<void> {
  const format = flags.string('format');
  let server: SystemInfo | undefined;
  let failure: string | undefined;
  try {
    server = await systemInfo(cli.client());
  } catch (err) {
    failure = errorText(err);
  }
  const ClientInfo = {
    Version: PRODUCT_VERSION,
    Context: cli.contextName(),
    Debug: false,
    Plugins: [],
    Warnings: null,
  };
  if (format !== '') {
    const errors = failure === undefined ? {} : { ServerErrors: [failure] };
    cli.stdout.write(
      formatObject(cli, format, { ...server, ...errors, ClientInfo }, { typeName: 'system.dockerInfo' }),
    );
    if (failure !== undefined) throw new StatusError(1, failure);
    return;
  }
  cli.stdout.write(
    `Client: tsdocker\n Version:    ${PRODUCT_VERSION}\n Context:    ${ClientInfo.Context}\n Debug Mode: false\n\nServer:\n`,
  );
  if (!server) throw new StatusError(1, failure ?? '');
  cli.stdout.write(serverInfoText(server));
  for (const warning of server.Warnings ?? []) cli.stderr.write(`${warning}\n`);
}
