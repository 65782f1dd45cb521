/** What `create` and `run` share: their flags, the request, the image that is not here yet, the container. */

import { isNotFound } from '@tsdocker/shared/errors.ts';
import { familiarString, parseAnyReference, type Reference, withDefaultTag } from '@tsdocker/shared/reference.ts';
import type { ContainerCreateRequest } from '@tsdocker/shared/types/container.ts';
import type { Cli } from '../../cli.ts';
import { containerCreate } from '../../client/container.ts';
import type { FlagSpec, Flags } from '../../command.ts';
import { proxyVariables } from '../../container-config/proxies.ts';
import { containerFlags, toCreateRequest } from '../../container-config/request.ts';
import { givenWindowsFlags, windowsOnly } from '../../container-config/windows.ts';
import { isLocalhostDns } from '../../flags/dns.ts';
import { normalizePlatform } from '../../flags/platform.ts';
import { StatusError } from '../../status-error.ts';
import { pullImage } from '../image/pull-image.ts';
import { copyCredentials, withApiSocket } from './api-socket.ts';
import { claimCidFile } from './cid-file.ts';

const PULL = ['always', 'missing', 'never', ''];

/** Flags of `create`; `run` adds those about the attached client. */
export const createFlags: FlagSpec[] = [
  ...containerFlags,
  { name: 'name', kind: 'string', description: 'Assign a name to the container' },
  {
    name: 'pull',
    kind: 'string',
    default: 'missing',
    description: 'Pull image before creating ("always", "missing", "never")',
  },
  { name: 'quiet', short: 'q', kind: 'bool', description: 'Suppress the pull output' },
  {
    name: 'platform',
    kind: 'string',
    since: '1.32',
    description: 'Set platform if server is multi-platform capable',
  },
  { name: 'use-api-socket', kind: 'bool', description: 'Bind mount the API socket and give the registry credentials' },
  { name: 'disable-content-trust', kind: 'bool', default: true, hidden: true, description: 'Has no effect' },
];

/** The request of a command line. @throws Error in docker's words; StatusError for flags of another system's daemon */
export async function readRequest(
  cli: Cli,
  args: readonly string[],
  flags: Flags,
  detached: boolean,
): Promise<ContainerCreateRequest> {
  await refuseWindowsFlags(cli, flags);
  const pull = flags.string('pull');
  if (!PULL.includes(pull)) {
    throw new Error(`invalid pull option: '${pull}': must be one of "always", "missing" or "never"`);
  }
  const size = cli.stdout.size();
  const request = toCreateRequest({
    flags,
    args,
    around: { cwd: cli.cwd, env: cli.env },
    proxies: proxyVariables(cli.config(), cli.client().host),
    consoleSize: [size?.height ?? 0, size?.width ?? 0],
    detached,
  });
  return flags.bool('use-api-socket') ? withApiSocket(cli, request) : request;
}

async function refuseWindowsFlags(cli: Cli, flags: Flags): Promise<void> {
  const given = givenWindowsFlags(flags);
  if (given.length === 0) return;
  const { osType } = await cli.client().ping();
  if (osType !== 'windows') throw new StatusError(1, windowsOnly(given, osType));
}

/**
 * Creates the container, pulling its image as --pull says.
 * @returns its id
 * @throws Error of ours or the daemon's
 */
export async function createContainer(cli: Cli, request: ContainerCreateRequest, flags: Flags): Promise<string> {
  const localDns = request.HostConfig?.Dns?.find(isLocalhostDns);
  if (localDns !== undefined) cli.stderr.write(`WARNING: Localhost DNS (${localDns}) may fail in containers.\n`);
  const cidFile = claimCidFile(flags.string('cidfile'), cli.cwd);
  try {
    const { Id, Warnings } = await createOrPull(cli, request, flags);
    for (const warning of Warnings ?? []) cli.stderr.write(`WARNING: ${warning}\n`);
    cidFile.write(Id);
    if (flags.bool('use-api-socket')) await copyCredentials(cli, Id);
    return Id;
  } finally {
    cidFile.close();
  }
}

/** The image's reference with its tag; undefined for a bare id, which cannot be pulled. */
function pullable(image: string): Reference | undefined {
  const any = parseAnyReference(image);
  return any.kind === 'named' ? withDefaultTag(any.reference) : undefined;
}

async function createOrPull(
  cli: Cli,
  request: ContainerCreateRequest,
  flags: Flags,
): ReturnType<typeof containerCreate> {
  const reference = pullable(request.Image ?? '');
  const quiet = flags.bool('quiet');
  const platform = flags.string('platform');
  const options = { name: flags.string('name'), platform: platform === '' ? '' : normalizePlatform(platform) };
  const pull = (image: Reference): Promise<void> => pullImage(cli, image, { platform, quiet, out: cli.stderr });
  const create = () => containerCreate(cli.client(), request, options);
  if (flags.string('pull') === 'always' && reference) await pull(reference);
  try {
    return await create();
  } catch (err) {
    if (!isNotFound(err) || !reference || !['missing', ''].includes(flags.string('pull'))) throw err;
    if (!quiet) cli.stderr.write(`Unable to find image '${familiarString(reference)}' locally\n`);
    await pull(reference);
    return await create();
  }
}
