/** A daemon's address: `unix://`, `tcp://`, `http://`, `https://`, `ssh://`, parsed once. */
import { DockerError } from '@tsdocker/shared/errors.ts';

/** Certificates, PEM text. Undefined members: the system's own. */
export interface TlsMaterial {
  ca?: string;
  cert?: string;
  key?: string;
  /** false: the server's name and chain are not checked. */
  verify: boolean;
}

export interface Endpoint {
  /** As given, for messages. */
  host: string;
  kind: 'unix' | 'tcp' | 'ssh';
  /** unix: the socket's path. */
  socketPath?: string;
  hostname?: string;
  port?: number;
  /** Goes in front of every request's path (`tcp://host:2375/prefix`). */
  basePath: string;
  /** tcp: speak TLS. */
  tls?: TlsMaterial;
  /** ssh: login name, and the daemon's socket on the other side when the URL names one. */
  user?: string;
}

const DEFAULT_PORT = 2375;
const DEFAULT_TLS_PORT = 2376;

/** @throws InvalidParameter `unable to parse docker host ...` */
export function parseEndpoint(host: string, tls?: TlsMaterial): Endpoint {
  const cut = host.indexOf('://');
  if (cut < 0) throw unparsable(host);
  const scheme = host.slice(0, cut);
  const rest = host.slice(cut + 3);
  switch (scheme) {
    case 'unix':
      if (rest === '') throw unparsable(host);
      return { host, kind: 'unix', socketPath: rest, basePath: '' };
    case 'tcp':
    case 'http':
    case 'https':
      return parseTcp(host, scheme, rest, tls);
    case 'ssh':
      return parseSsh(host);
    default:
      throw new DockerError('InvalidParameter', `invalid bind address format: ${host}`);
  }
}

function parseTcp(host: string, scheme: string, rest: string, tls: TlsMaterial | undefined): Endpoint {
  if (!URL.canParse(`http://${rest}`)) throw unparsable(host);
  const url = new URL(`http://${rest}`);
  const secure = scheme === 'https' ? (tls ?? { verify: true }) : scheme === 'http' ? undefined : tls;
  const explicit = /:(\d+)(?:\/|$)/.exec(rest.replace(/^\[[^\]]*\]/, ''));
  return {
    host,
    kind: 'tcp',
    hostname: url.hostname.replace(/^\[|\]$/g, '') || '127.0.0.1',
    port: explicit ? Number(explicit[1]) : secure ? DEFAULT_TLS_PORT : DEFAULT_PORT,
    basePath: url.pathname === '/' ? '' : url.pathname.replace(/\/$/, ''),
    ...(secure ? { tls: secure } : {}),
  };
}

function parseSsh(host: string): Endpoint {
  if (!URL.canParse(host)) throw unparsable(host);
  const url = new URL(host);
  if (url.password !== '') throw new DockerError('InvalidParameter', 'plain-text password is not supported');
  if (url.hostname === '' || url.hostname.startsWith('-') || url.username.startsWith('-')) throw unparsable(host);
  return {
    host,
    kind: 'ssh',
    hostname: url.hostname,
    basePath: '',
    ...(url.port ? { port: Number(url.port) } : {}),
    ...(url.username ? { user: decodeURIComponent(url.username) } : {}),
    ...(url.pathname && url.pathname !== '/' ? { socketPath: url.pathname } : {}),
  };
}

function unparsable(host: string): DockerError {
  return new DockerError('InvalidParameter', `unable to parse docker host \`${host}\``);
}
