/** Which daemon a command speaks to: -H, then --context, DOCKER_HOST, DOCKER_CONTEXT, the current context, ours. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Endpoint, parseEndpoint, type TlsMaterial } from '../client/endpoint.ts';
import type { GlobalOptions } from '../global-options.ts';
import type { ConfigFile } from './config-file.ts';
import { DEFAULT_CONTEXT, readContext } from './contexts.ts';

/** tsdockerd's own socket: spoken to when nothing names another. */
export const DEFAULT_HOST = 'unix:///var/run/tsdocker.sock';

type Environment = Readonly<Record<string, string | undefined>>;

/** Name of the context in use; `default` when an address rules. */
export function contextName(options: GlobalOptions, env: Environment, config: ConfigFile): string {
  if (options.context !== undefined) return options.context || DEFAULT_CONTEXT;
  if (options.host !== undefined || env['DOCKER_HOST']) return DEFAULT_CONTEXT;
  return env['DOCKER_CONTEXT'] || config.currentContext || DEFAULT_CONTEXT;
}

/** @throws DockerError for an address that cannot be read, a missing context or certificate */
export function selectEndpoint(options: GlobalOptions, env: Environment, config: ConfigFile): Endpoint {
  const context = contextName(options, env, config);
  if (context !== DEFAULT_CONTEXT) {
    const { host, tls } = readContext(config.directory, context);
    return parseEndpoint(host, tls);
  }
  return defaultEndpoint(options, env, config);
}

/** What the context `default` stands for. @throws DockerError for an address that cannot be read */
export function defaultEndpoint(options: GlobalOptions, env: Environment, config: ConfigFile): Endpoint {
  const named = options.host ?? env['DOCKER_HOST'];
  return parseEndpoint(normaliseHost(named, options.tls), options.tls ? readTls(options, env, config) : undefined);
}

/** `:2375` and `host:2375` mean tcp, `tcp://` alone the local daemon, as docker reads them. */
export function normaliseHost(host: string | undefined, tls: boolean): string {
  const text = host?.trim() ?? '';
  const port = tls ? 2376 : 2375;
  if (text === '') return tls && host !== undefined ? `tcp://localhost:${port}` : DEFAULT_HOST;
  if (text === 'unix://') return DEFAULT_HOST;
  if (text.includes('://')) return text === 'tcp://' ? `tcp://localhost:${port}` : text;
  return `tcp://${text.startsWith(':') ? `localhost${text}` : text}`;
}

/** Certificates of the flags, DOCKER_CERT_PATH or the configuration folder; those not named may be missing. */
function readTls(options: GlobalOptions, env: Environment, config: ConfigFile): TlsMaterial {
  const folder = env['DOCKER_CERT_PATH'] || config.directory;
  const read = (path: string | undefined, name: string): string | undefined => {
    const file = path ?? join(folder, name);
    return path !== undefined || existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  };
  const ca = options.tlsVerify ? read(options.tlsCaPath, 'ca.pem') : undefined;
  const cert = read(options.tlsCertPath, 'cert.pem');
  const key = read(options.tlsKeyPath, 'key.pem');
  return {
    verify: options.tlsVerify,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}
