/** A daemon that answers the version handshake and keeps the last create request: what a client asked for, nothing else. */
import { createServer, type IncomingMessage, type Server } from 'node:http';

export interface CreateRequest {
  /** The query: name, platform. */
  query: Record<string, string>;
  body: unknown;
}

export class RecordingDaemon {
  readonly #server: Server;
  /** Absolute path of the listening socket. */
  readonly socket: string;
  last: CreateRequest | undefined;

  constructor(socket: string, apiVersion: string) {
    this.socket = socket;
    this.#server = createServer(async (req, res) => {
      const headers = { 'Api-Version': apiVersion, Ostype: 'linux', 'Content-Type': 'application/json' };
      const url = new URL(req.url ?? '/', 'http://recorder');
      if (url.pathname.endsWith('/_ping')) return void res.writeHead(200, headers).end('OK');
      if (!url.pathname.endsWith('/containers/create')) {
        return void res.writeHead(500, headers).end(JSON.stringify({ message: `unexpected ${req.method} ${req.url}` }));
      }
      this.last = { query: Object.fromEntries(url.searchParams), body: JSON.parse(await text(req)) };
      res.writeHead(201, headers).end(JSON.stringify({ Id: 'c'.repeat(64), Warnings: [] }));
    });
  }

  listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.socket, resolve);
    });
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}

async function text(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
