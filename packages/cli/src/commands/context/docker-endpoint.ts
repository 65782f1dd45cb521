/** `--docker host=...,ca=...`: the daemon of a context, as create and update take it. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseBool } from '@tsdocker/shared/go-number.ts';
import type { Cli } from '../../cli.ts';
import { parseEndpoint } from '../../client/endpoint.ts';
import type { FlagSpec, Flags } from '../../command.ts';
import type { ContextTlsFiles } from '../../config/context-store.ts';
import type { DockerEndpointMetadata } from '../../config/contexts.ts';
import { goFileError } from '../../flags/file-error.ts';
import { parseStringToString } from '../../flags/string-to-string.ts';
import { StatusError } from '../../status-error.ts';
import { contextOf, tlsFiles } from './default-context.ts';

const KEYS: Readonly<Record<string, string>> = {
  from: 'take the daemon of this context',
  host: 'address of the daemon',
  ca: 'trust servers signed by this CA only',
  cert: 'client certificate, a path',
  key: "client certificate's key, a path",
  'skip-tls-verify': "do not check the server's certificate",
};

export const DOCKER_FLAG: FlagSpec = {
  name: 'docker',
  kind: 'list',
  valueName: 'stringToString',
  description: 'The daemon, as key=value pairs behind commas',
  parse: parseStringToString,
};

/** Goes below the summary in the help. */
export const ENDPOINT_HELP = `Keys of --docker:\n\n${Object.entries(KEYS)
  .map(([key, text]) => `${key.padEnd(20)}${text}`)
  .join('\n')}`;

export interface DockerEndpoint {
  metadata: DockerEndpointMetadata;
  tls: ContextTlsFiles;
}

/** What --docker says; undefined without it. @throws StatusError */
export function dockerEndpointOf(cli: Cli, flags: Flags): DockerEndpoint | undefined {
  if (!flags.changed('docker')) return undefined;
  const options = Object.assign({}, ...flags.list('docker').map(parseStringToString)) as Record<string, string>;
  try {
    return toEndpoint(cli, options);
  } catch (err) {
    throw new StatusError(1, `unable to create docker endpoint config: ${(err as Error).message}`);
  }
}

function toEndpoint(cli: Cli, options: Readonly<Record<string, string>>): DockerEndpoint {
  const unknown = Object.keys(options).filter((key) => !Object.hasOwn(KEYS, key));
  if (unknown.length > 0) {
    throw new Error(
      unknown
        .sort()
        .map((key) => `unrecognized config key: ${key}`)
        .join('\n'),
    );
  }
  if (options['from']) return endpointOfContext(cli, options['from']);
  const read = (path: string | undefined): string | undefined => (path ? readText(cli, path) : undefined);
  const [ca, cert, key] = [read(options['ca']), read(options['cert']), read(options['key'])];
  const files = {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
  const SkipTLSVerify = skipOf(options['skip-tls-verify']);
  const Host = options['host'] ?? '';
  if (Host !== '') {
    checkTls(files);
    checkHost(Host);
  }
  return { metadata: { ...(Host && { Host }), SkipTLSVerify }, tls: tlsFiles(files) };
}

/** With its certificates: without them it would be another daemon's address only. */
function endpointOfContext(cli: Cli, name: string): DockerEndpoint {
  const { metadata, tls } = contextOf(cli, name);
  const docker = metadata.Endpoints?.docker;
  if (!docker) throw new Error(`unable to get endpoint from context "${name}"`);
  return { metadata: docker, tls: tls['docker'] ? { docker: tls['docker'] } : {} };
}

function skipOf(text: string | undefined): boolean {
  if (text === undefined || text === '') return false;
  try {
    return parseBool(text);
  } catch {
    throw new Error(`skip-tls-verify: parsing ${JSON.stringify(text)}: invalid syntax`);
  }
}

function readText(cli: Cli, path: string): string {
  try {
    return readFileSync(resolve(cli.cwd, path), 'utf8');
  } catch (err) {
    throw new Error(goFileError('open', path, err), { cause: err });
  }
}

function checkHost(host: string): void {
  try {
    parseEndpoint(host);
  } catch (err) {
    throw new Error(`unable to apply docker endpoint options: ${(err as Error).message}`, { cause: err });
  }
}

/** A context that could never connect is told now. */
function checkTls({ ca, cert, key }: { ca?: string; cert?: string; key?: string }): void {
  const problem = (why: string): Error =>
    new Error(`invalid docker endpoint options: failed to retrieve context tls info: ${why}`);
  if (ca !== undefined && !readsAs(() => new X509Certificate(ca))) throw problem('ca.pem seems invalid');
  if (key === undefined) return;
  const privateKey = readsAs(() => createPrivateKey(key));
  if (!privateKey) throw problem('no valid private key found');
  const certificate = readsAs(() => new X509Certificate(cert ?? ''));
  if (!certificate) throw problem('tls: failed to find any PEM data in certificate input');
  if (!certificate.checkPrivateKey(privateKey)) throw problem('tls: private key does not match public key');
}

function readsAs<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}
