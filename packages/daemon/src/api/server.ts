/** The HTTP side of the daemon: one request in, one handler, one answer; the same for every listener. */
import { createServer, type IncomingMessage, type Server, ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions as TlsOptions } from 'node:https';
import type { Duplex } from 'node:stream';
import { API_VERSION, ENGINE_VERSION } from '@tsdocker/shared/api-version.ts';
import type { Logger } from '../log.ts';
import type { RecordAnswer } from './answer-log.ts';
import { RequestContext } from './context.ts';
import { type Hijackable, ordinaryConnection, upgradedConnection } from './hijack.ts';
import { writeError, writePageNotFound } from './middleware/errors.ts';
import { logRequest } from './middleware/logging.ts';
import { checkVersion, splitVersion } from './middleware/version.ts';
import { Query } from './request/query.ts';
import { type Match, type Route, Router } from './router.ts';

const COMMON_HEADERS: Readonly<Record<string, string>> = {
  'Api-Version': API_VERSION,
  'Docker-Experimental': 'false',
  Ostype: 'linux',
  Server: `Docker/${ENGINE_VERSION} (linux)`,
};

export interface ApiServerOptions {
  routes: readonly Route[];
  log: Logger;
  /** Serves TLS with these. */
  tls?: TlsOptions;
  recordAnswer?: RecordAnswer | undefined;
}

/** A server that does not listen yet. Requests have no time limit: logs, events and attach last for days. */
export function createApiServer(options: ApiServerOptions): Server {
  const router = new Router(options.routes);
  const serve = (req: IncomingMessage, res: ServerResponse, connection: Hijackable): void => {
    void answer(router, req, res, connection, options);
  };
  const settings = {
    keepAliveTimeout: 0,
    requestTimeout: 0,
    shouldUpgradeCallback: (req: IncomingMessage) => upgrades(router, req),
  };
  const server = options.tls ? createTlsServer({ ...options.tls, ...settings }) : createServer(settings);
  server.on('request', (req, res) => serve(req, res, ordinaryConnection(req, res)));
  server.on('upgrade', (req: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (head.length > 0) socket.unshift(head);
    const res = responseOn(req, socket);
    serve(req, res, upgradedConnection(req, res, socket));
  });
  return server;
}

/** Only attach and exec start honour an upgrade; others answer as if it had not been asked for. */
function upgrades(router: Router, req: IncomingMessage): boolean {
  try {
    const match = router.match(req.method ?? '', splitVersion(splitUrl(req).path).path);
    return match?.route.hijacks === true;
  } catch {
    // A broken path is answered as an ordinary request, with its error.
    return false;
  }
}

/** An answer on a socket that Node has handed over, for the errors before a hijack. Closes the connection after it. */
function responseOn(req: IncomingMessage, socket: Duplex): ServerResponse {
  const res = new ServerResponse(req);
  res.shouldKeepAlive = false;
  res.assignSocket(req.socket);
  socket.on('error', () => socket.destroy());
  res.once('finish', () => {
    socket.resume();
    socket.end();
    socket.once('end', () => socket.destroy());
  });
  return res;
}

async function answer(
  router: Router,
  req: IncomingMessage,
  res: ServerResponse,
  connection: Hijackable,
  { log, recordAnswer }: ApiServerOptions,
) {
  try {
    for (const [name, value] of Object.entries(COMMON_HEADERS)) res.setHeader(name, value);
    logRequest(log, req, res);
    const { path: fullPath, search } = splitUrl(req);
    const { version, path } = splitVersion(fullPath);
    const match = router.match(req.method ?? '', path);
    if (!match) return writePageNotFound(res);
    checkVersion(version);
    await match.route.handler(contextOf(req, res, connection, match, { version, search }, recordAnswer));
  } catch (err) {
    writeError(res, err, log.with({ method: req.method, path: req.url?.split('?', 1)[0] }));
  }
}

function contextOf(
  req: IncomingMessage,
  res: ServerResponse,
  connection: Hijackable,
  match: Match,
  url: { version: string; search: string },
  recordAnswer: RecordAnswer | undefined,
): RequestContext {
  const gone = new AbortController();
  res.once('close', () => {
    if (!res.writableFinished) gone.abort();
  });
  return new RequestContext({
    req,
    res,
    connection,
    params: match.params,
    query: new Query(new URLSearchParams(url.search)),
    version: url.version,
    signal: gone.signal,
    record:
      recordAnswer &&
      ((status, body) =>
        recordAnswer({ method: match.route.method, route: match.route.path, version: url.version, status, body })),
  });
}

function splitUrl(req: IncomingMessage): { path: string; search: string } {
  // Absolute form is what clients of a proxy send.
  const url = (req.url ?? '/').replace(/^https?:\/\/[^/]*/, '');
  const at = url.indexOf('?');
  return at < 0 ? { path: url, search: '' } : { path: url.slice(0, at), search: url.slice(at + 1) };
}
