/**
 * How bytes reach the daemon: node:http on a unix socket or TCP; TLS and ssh are loaded only when the endpoint asks for them.
 * One connection is kept alive between requests of a command (an idle one does not keep the program from ending).
 */
import type * as HttpModule from 'node:http';
import { createRequire } from 'node:module';
import type { Duplex } from 'node:stream';
import type { Endpoint } from './endpoint.ts';

// An ESM import of node:http reads all its exports, and with them loads Node's WebSocket and fetch: 40 ms.
const http = createRequire(import.meta.url)('node:http') as typeof HttpModule;

export interface Transport {
  /** Options for http.request: where and through which agent. */
  options(): HttpModule.RequestOptions;
  request(options: HttpModule.RequestOptions): HttpModule.ClientRequest;
  close(): void;
}

export async function openTransport(endpoint: Endpoint): Promise<Transport> {
  if (endpoint.kind === 'ssh') {
    const { dialStdio } = await import('./ssh.ts');
    return viaDuplex(() => dialStdio(endpoint));
  }
  if (endpoint.tls) return secureTransport(endpoint);
  const agent = new http.Agent({ keepAlive: true });
  const target =
    endpoint.kind === 'unix'
      ? { socketPath: endpoint.socketPath, host: 'localhost', headers: { Host: 'docker' } }
      : { host: endpoint.hostname, port: endpoint.port };
  // The name is for TLS, which there is none of here; unset, the agent works one out with 4 ms of regular expressions.
  const options = { ...target, agent, servername: '' };
  return {
    options: () => options,
    request: (options) => http.request(options),
    close: () => agent.destroy(),
  };
}

async function secureTransport(endpoint: Endpoint): Promise<Transport> {
  const https = await import('node:https');
  const { ca, cert, key, verify } = endpoint.tls ?? { verify: true };
  const agent = new https.Agent({
    keepAlive: true,
    rejectUnauthorized: verify,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  });
  return {
    options: () => ({ host: endpoint.hostname, port: endpoint.port, agent }),
    request: (options) => https.request(options),
    close: () => agent.destroy(),
  };
}

/** Every connection is a new duplex (an ssh child); connections are not kept. */
function viaDuplex(connect: () => Duplex): Transport {
  return {
    options: () => ({ host: 'docker', agent: false, createConnection: connect as never }),
    request: (options) => http.request(options),
    close: () => {},
  };
}
