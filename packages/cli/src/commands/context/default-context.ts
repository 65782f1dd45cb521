/** The context `default`: no file has it, flags and environment say what it is. */
import type { Cli } from '../../cli.ts';
import type { Endpoint } from '../../client/endpoint.ts';
import { type ContextTlsFiles, loadContext, type StoredContext } from '../../config/context-store.ts';
import { DEFAULT_CONTEXT } from '../../config/contexts.ts';

export const DEFAULT_DESCRIPTION = 'Current DOCKER_HOST based configuration';

/** A context by name, `default` too. @throws DockerError NotFound */
export function contextOf(cli: Cli, name: string): StoredContext {
  return name === DEFAULT_CONTEXT ? defaultContext(cli.defaultEndpoint()) : loadContext(cli.config().directory, name);
}

function defaultContext({ host, tls }: Endpoint): StoredContext {
  const docker = { Host: host, SkipTLSVerify: tls !== undefined && !tls.verify };
  return { metadata: { Name: DEFAULT_CONTEXT, Metadata: {}, Endpoints: { docker } }, tls: tlsFiles(tls) };
}

/** In the form of a stored context's files. */
export function tlsFiles(tls: { ca?: string; cert?: string; key?: string } | undefined): ContextTlsFiles {
  const files = (['ca', 'cert', 'key'] as const).flatMap((name) => {
    const text = tls?.[name];
    return text === undefined ? [] : [[`${name}.pem`, Buffer.from(text)] as const];
  });
  return files.length === 0 ? {} : { docker: Object.fromEntries(files) };
}
