/** The flags in front of the command: which daemon, which configuration. */
import type { FlagSpec, Flags } from './command.ts';
import { StatusError } from './status-error.ts';

export interface GlobalOptions {
  /** --config; undefined: DOCKER_CONFIG, else ~/.docker */
  configDirectory?: string;
  context?: string;
  host?: string;
  debug: boolean;
  /** Use TLS at all; `verify` checks the server. */
  tls: boolean;
  tlsVerify: boolean;
  tlsCaPath?: string;
  tlsCertPath?: string;
  tlsKeyPath?: string;
}

export const NO_GLOBAL_OPTIONS: GlobalOptions = { debug: false, tls: false, tlsVerify: false };
const LOG_LEVELS = ['panic', 'fatal', 'error', 'warn', 'warning', 'info', 'debug', 'trace'];

export function globalFlags(configDirectory: string): FlagSpec[] {
  const pem = (name: string) => `${configDirectory}/${name}`;
  return [
    { name: 'config', kind: 'string', description: 'Folder of the client configuration', default: configDirectory },
    {
      name: 'context',
      short: 'c',
      kind: 'string',
      description: 'Context that names the daemon (goes before DOCKER_HOST and the current context)',
    },
    { name: 'debug', short: 'D', kind: 'bool', description: 'Say more about errors' },
    { name: 'host', short: 'H', kind: 'string', description: 'Address of the daemon' },
    {
      name: 'log-level',
      short: 'l',
      kind: 'string',
      description: 'What to say on stderr ("debug", "info", "warn", "error", "fatal")',
      default: 'info',
    },
    { name: 'tls', kind: 'bool', description: 'Use TLS; implied by --tlsverify' },
    { name: 'tlscacert', kind: 'string', description: 'Trust servers signed by this CA only', default: pem('ca.pem') },
    { name: 'tlscert', kind: 'string', description: 'Client certificate', default: pem('cert.pem') },
    { name: 'tlskey', kind: 'string', description: "Client certificate's key", default: pem('key.pem') },
    { name: 'tlsverify', kind: 'bool', description: 'Use TLS and check the server' },
    { name: 'version', short: 'v', kind: 'bool', description: 'Print the version and end' },
  ];
}

/** @throws StatusError for a log level that is none, or a host together with a context */
export function toGlobalOptions(flags: Flags, env: Readonly<Record<string, string | undefined>>): GlobalOptions {
  const level = flags.string('log-level');
  if (!LOG_LEVELS.includes(level.toLowerCase())) throw new StatusError(1, `Unable to parse logging level: ${level}`);
  const given = (name: string): string | undefined => (flags.changed(name) ? flags.string(name) : undefined);
  const host = given('host');
  const context = given('context');
  if (host !== undefined && context !== undefined) {
    throw new StatusError(1, 'conflicting options: cannot specify both --host and --context');
  }
  const tlsVerify = flags.changed('tlsverify') ? flags.bool('tlsverify') : Boolean(env['DOCKER_TLS_VERIFY']);
  const paths = {
    configDirectory: given('config'),
    context,
    host,
    tlsCaPath: given('tlscacert'),
    tlsCertPath: given('tlscert'),
    tlsKeyPath: given('tlskey'),
  };
  return {
    ...Object.fromEntries(Object.entries(paths).filter(([, value]) => value !== undefined)),
    debug: flags.bool('debug') || level === 'debug' || level === 'trace',
    tls: flags.bool('tls') || tlsVerify || Boolean(env['DOCKER_TLS']),
    tlsVerify,
  };
}
