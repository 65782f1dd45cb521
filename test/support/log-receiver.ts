/** A server that keeps what log drivers send to it. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

export interface LogReceiver {
  readonly port: number;
  /** Complete lines, in order, of all connections. */
  lines(): string[];
  /** Ends the connections and refuses new ones. */
  close(): Promise<void>;
}

/** @param port 0: any */
export async function startLogReceiver(port = 0): Promise<LogReceiver> {
  const sockets = new Set<Socket>();
  const connections: { text: string }[] = [];
  const server = createServer((socket) => {
    const connection = { text: '' };
    connections.push(connection);
    sockets.add(socket);
    socket.setEncoding('latin1');
    socket.on('data', (data) => {
      connection.text += data;
    });
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    lines: () => connections.flatMap(({ text }) => text.split('\n').slice(0, -1)),
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
