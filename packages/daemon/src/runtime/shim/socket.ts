/** Connections to a shim's socket, whatever the length of its path. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';

/** What sockaddr_un holds, without the terminating zero. */
const MAX_ADDRESS_BYTES = 107;

/**
 * Connects at once: what is written is sent as soon as the connection stands.
 * A path too long for an address goes through a descriptor of its directory.
 * @throws Error with code ENOENT or ECONNREFUSED when no shim listens
 */
export async function connectShim(runtimeDirectory: string): Promise<Socket> {
  const path = `${runtimeDirectory}/sock`;
  if (Buffer.byteLength(path) <= MAX_ADDRESS_BYTES) return connected(connect(path));
  const directory = await open(runtimeDirectory, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    return await connected(connect(`/proc/self/fd/${directory.fd}/sock`));
  } finally {
    await directory.close();
  }
}

function connected(socket: Socket): Promise<Socket> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}
