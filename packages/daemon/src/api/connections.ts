/** Ends a server with all its connections. Node forgets those that were upgraded or hijacked, so they are kept here. */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** How long running requests may take to finish at shutdown. */
const DRAIN_MILLIS = 1_000;

/** @returns stops listening, lets short requests finish, cuts the rest; resolves when all are gone */
export function trackConnections(server: Server): () => Promise<void> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return () =>
    new Promise((resolve) => {
      const cut = setTimeout(() => {
        for (const socket of sockets) socket.destroy();
      }, DRAIN_MILLIS);
      server.close(() => {
        clearTimeout(cut);
        for (const socket of sockets) socket.destroy();
        resolve();
      });
      server.closeIdleConnections();
    });
}
