/** A server that keeps what log drivers send to it. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';

export interface LogReceiver {
  readonly port: number;
  /** Complete lines, in order, of all connections. */
  lines(): string[];
  /** What came on each connection so far, in order. */
  bytes(): Buffer[];
  /** Ends the connections and refuses new ones. */
  close(): Promise<void>;
}

/** Connections to the port whose clients have not closed them yet: what they write into them is lost. */
export function clientsOf(port: number): number {
  const remote = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map((row) => row.trim().split(/\s+/));
  return rows.filter(([, , to, state]) => to?.endsWith(remote) && (state === '01' || state === '08')).length;
}

/** @param port 0: any */
export async function startLogReceiver(port = 0, tls?: TlsOptions): Promise<LogReceiver> {
  const sockets = new Set<Socket>();
  const connections: Buffer[][] = [];
  const onConnection = (socket: Socket) => {
    const connection: Buffer[] = [];
    connections.push(connection);
    socket.on('data', (data: Buffer) => connection.push(data));
  };
  const server = tls ? createTlsServer(tls, onConnection) : createServer(onConnection);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('tlsClientError', () => {});
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const bytes = () => connections.map((parts) => Buffer.concat(parts));
  return {
    port: (server.address() as AddressInfo).port,
    lines: () => bytes().flatMap((all) => all.toString('latin1').split('\n').slice(0, -1)),
    bytes,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
