/** --use-api-socket: the daemon's socket inside the container, and the caller's registry credentials beside it. */
import { Readable } from 'node:stream';
import type { AuthConfig } from '@tsdocker/shared/types/auth.ts';
import type { ContainerCreateRequest } from '@tsdocker/shared/types/container.ts';
import type { Cli } from '../../cli.ts';
import { credentialsFor, runHelper } from '../../config/credentials.ts';

const SOCKET_IN_CONTAINER = '/var/run/docker.sock';
const CONFIG_IN_CONTAINER = '/run/secrets/docker';
const UNIX = 'unix://';
const TAR_BLOCK = 512;

/** The request with the mount and, when there are credentials, DOCKER_CONFIG. @throws when the daemon has no unix socket */
export async function withApiSocket(cli: Cli, request: ContainerCreateRequest): Promise<ContainerCreateRequest> {
  const { host } = cli.client();
  if (!host.startsWith(UNIX)) {
    throw new Error(`flag --use-api-socket can only be used with unix sockets: docker endpoint ${host} incompatible`);
  }
  const mount = { Type: 'bind' as const, Source: host.slice(UNIX.length), Target: SOCKET_IN_CONTAINER };
  const HostConfig = { ...request.HostConfig, Mounts: [...(request.HostConfig?.Mounts ?? []), mount] };
  const given = request.Env?.some((entry) => entry.startsWith('DOCKER_CONFIG='));
  if (given || Object.keys(await allCredentials(cli)).length === 0) return { ...request, HostConfig };
  return { ...request, HostConfig, Env: [...(request.Env ?? []), `DOCKER_CONFIG=${CONFIG_IN_CONTAINER}`] };
}

/** Puts a config.json with the caller's credentials where DOCKER_CONFIG points; nothing when there are none. */
export async function copyCredentials(cli: Cli, container: string): Promise<void> {
  const auths = await allCredentials(cli);
  if (Object.keys(auths).length === 0) return;
  const archive = tarOf(`${CONFIG_IN_CONTAINER}/config.json`, Buffer.from(JSON.stringify({ auths }, null, '\t')));
  const answer = await cli.client().request('PUT', `/containers/${encodeURIComponent(container)}/archive`, {
    query: { path: '/', noOverwriteDirNonDir: 'true' },
    body: Readable.from([archive]),
  });
  await answer.discard();
}

/** By registry, in config.json's form. */
async function allCredentials(cli: Cli): Promise<Record<string, AuthConfig>> {
  const config = cli.config();
  const servers = new Set([...Object.keys(config.auths ?? {}), ...Object.keys(config.credHelpers ?? {})]);
  if (config.credsStore) for (const server of await listOfHelper(config.credsStore, cli)) servers.add(server);
  const auths: Record<string, AuthConfig> = {};
  for (const server of servers) {
    const { username = '', password = '', identitytoken } = await credentialsFor(config, server, cli.env);
    if (identitytoken) auths[server] = { identitytoken };
    else if (username !== '') auths[server] = { auth: Buffer.from(`${username}:${password}`).toString('base64') };
  }
  return auths;
}

async function listOfHelper(helper: string, cli: Cli): Promise<string[]> {
  const { code, output } = await runHelper(helper, 'list', '', cli.env);
  if (code !== 0) throw new Error(`error listing credentials - err: exit status ${code}, out: \`${output.trim()}\``);
  return Object.keys(JSON.parse(output) as Record<string, string>);
}

/** An archive of one file of root's, readable by root. @see POSIX ustar */
function tarOf(path: string, content: Buffer): Buffer {
  const header = Buffer.alloc(TAR_BLOCK);
  const octal = (value: number, at: number, width: number): void => {
    header.write(value.toString(8).padStart(width - 1, '0'), at);
  };
  header.write(path, 0);
  octal(0o600, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(content.length, 124, 12);
  octal(0, 136, 12);
  header.write('        0', 148);
  header.write('ustar\u000000', 257);
  octal(
    header.reduce((sum, byte) => sum + byte, 0),
    148,
    7,
  );
  const padding = Buffer.alloc((TAR_BLOCK - (content.length % TAR_BLOCK)) % TAR_BLOCK);
  return Buffer.concat([header, content, padding, Buffer.alloc(2 * TAR_BLOCK)]);
}
