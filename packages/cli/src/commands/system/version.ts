import { API_VERSION, PRODUCT_VERSION } from '@tsdocker/shared/api-version.ts';
import type { SystemVersion } from '@tsdocker/shared/types/system.ts';
import type { Cli } from '../../cli.ts';
import { errorText } from '../../client/errors.ts';
import { systemVersion } from '../../client/system.ts';
import type { CommandSpec, Flags } from '../../command.ts';
import { StatusError } from '../../status-error.ts';
import { OBJECT_FORMAT } from '../format-flag.ts';
import { formatObject } from './object-format.ts';

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386', ppc64: 'ppc64le' };

/** As docker names the template and its value in errors. */
const VERSION_TEMPLATE = { name: 'version', typeName: 'system.versionInfo' };

export const command: CommandSpec = {
  name: 'version',
  usage: '[OPTIONS]',
  summary: 'Show the versions of client and daemon',
  flags: [OBJECT_FORMAT],
  args: { min: 0, max: 0 },
  run: version,
};

interface ClientVersion {
  Version: string;
  ApiVersion: string;
  DefaultAPIVersion: string;
  NodeVersion: string;
  Os: string;
  Arch: string;
  Context: string;
}

async function version(cli: Cli, _args: string[], flags: Flags): Promise<void> {
  let server: SystemVersion | null = null;
  let failure: unknown;
  try {
    server = await systemVersion(cli.client());
  } catch (err) {
    failure = err;
  }
  const client = await clientVersion(cli, server !== null);
  const format = flags.string('format');
  if (format === '') cli.stdout.write(clientText(client) + (server ? `\n${serverText(server)}` : ''));
  else cli.stdout.write(formatObject(cli, format, { Client: client, Server: server }, VERSION_TEMPLATE));
  if (failure !== undefined) throw new StatusError(1, errorText(failure));
}

async function clientVersion(cli: Cli, connected: boolean): Promise<ClientVersion> {
  return {
    Version: PRODUCT_VERSION,
    ApiVersion: connected ? await cli.client().apiVersion() : API_VERSION,
    DefaultAPIVersion: API_VERSION,
    NodeVersion: cli.runtime.version,
    Os: cli.runtime.platform,
    Arch: ARCHITECTURES[cli.runtime.arch] ?? cli.runtime.arch,
    Context: cli.contextName(),
  };
}

function clientText(client: ClientVersion): string {
  const api =
    client.ApiVersion === client.DefaultAPIVersion
      ? client.ApiVersion
      : `${client.ApiVersion} (downgraded from ${client.DefaultAPIVersion})`;
  return block('Client: tsdocker', ' ', 20, [
    ['Version', client.Version],
    ['API version', api],
    ['Node version', client.NodeVersion],
    ['OS/Arch', `${client.Os}/${client.Arch}`],
    ['Context', client.Context],
  ]);
}

function serverText(server: SystemVersion): string {
  const title = `Server:${server.Platform?.Name ? ` ${server.Platform.Name}` : ''}`;
  const components = server.Components ?? [];
  const texts = components.map(({ Name, Version, Details = {} }) =>
    block(` ${Name}:`, '  ', 20, [
      ['Version', Version],
      ...componentLines(Name, (Details ?? {}) as Record<string, string>),
    ]),
  );
  return `${title}\n${texts.join('')}`;
}

/** The engine's own facts have fixed names and order; other components show theirs as they are, sorted. */
function componentLines(name: string, details: Record<string, string>): [string, string][] {
  if (name !== 'Engine')
    return Object.keys(details)
      .sort()
      .map((key) => [key, details[key]!]);
  const lines: [string, string | undefined][] = [
    ['API version', `${details['ApiVersion']} (minimum version ${details['MinAPIVersion']})`],
    ['Go version', details['GoVersion']],
    ['Node version', details['NodeVersion']],
    ['Git commit', details['GitCommit']],
    ['Built', builtText(details['BuildTime'])],
    ['OS/Arch', `${details['Os']}/${details['Arch']}`],
    ['Experimental', details['Experimental']],
  ];
  return lines.filter((line): line is [string, string] => line[1] !== undefined && line[1] !== '');
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** RFC 3339 to C's form in the same zone (`Thu May  7 21:09:36 2026`); other text stays. */
function builtText(text: string | undefined): string | undefined {
  const match = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}:\d{2}:\d{2})/.exec(text ?? '');
  if (!match) return text;
  const [, year, month, day, time] = match;
  const weekday = DAYS[new Date(`${year}-${month}-${day}T00:00:00Z`).getUTCDay()];
  return `${weekday} ${MONTHS[Number(month) - 1]} ${String(Number(day)).padStart(2)} ${time} ${year}`;
}

function block(title: string, indent: string, column: number, lines: readonly [string, string][]): string {
  const text = lines.map(([name, value]) => `${`${indent}${name}:`.padEnd(column)}${value}\n`);
  return `${title}\n${text.join('')}`;
}
