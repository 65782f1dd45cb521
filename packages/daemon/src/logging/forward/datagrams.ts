/** Datagrams to a unix socket of the host, one after the other. */
import { closeSync } from 'node:fs';
import type { Connection } from './connection.ts';

/** What the kernel is asked for; native/addon/datagram_binding.cc. Errors have a `code`. */
export interface DatagramCalls {
  connectDatagram(path: string): number;
  /** False: the receiver's queue is full. @throws EMSGSIZE; ECONNREFUSED the receiver has gone */
  sendDatagram(socket: number, data: Buffer, fds: number[]): boolean;
  writable(fd: number): Promise<void>;
  /** Ends that wait. */
  shutDatagram(socket: number): void;
  /** A sealed file in memory. */
  memoryFile(data: Buffer): number;
}

export interface DatagramConnection extends Connection {
  /** As `write`; what no datagram can hold goes as a file in memory, if the receiver takes those. */
  writeAny(message: Buffer): Promise<void>;
}

const NOTHING = Buffer.alloc(0);
/** EMSGSIZE: longer than any datagram; ENOBUFS: than this socket's buffer. */
const TOO_LONG = new Set(['EMSGSIZE', 'ENOBUFS']);

/** @throws Error with a code when nobody is bound there */
export function openDatagramSocket(path: string, calls: DatagramCalls): DatagramConnection {
  const socket = calls.connectDatagram(path);
  let state: 'open' | 'waiting' | 'closing' | 'closed' = 'open';
  const close = () => {
    state = 'closed';
    closeSync(socket);
  };
  const send = async (data: Buffer, fds: number[]): Promise<void> => {
    for (;;) {
      if (state !== 'open') throw new Error('connection closed');
      if (calls.sendDatagram(socket, data, fds)) return;
      // The number must not be another file's while it is waited for.
      state = 'waiting';
      await calls.writable(socket);
      if ((state as string) === 'closing') close();
      else state = 'open';
    }
  };
  const tooLong = (err: NodeJS.ErrnoException) => TOO_LONG.has(err.code ?? '');
  return {
    async write(message) {
      await send(message, []).catch((err) => {
        // As any datagram that does not fit, it is lost; what comes after it must not wait for it.
        if (!tooLong(err)) throw err;
      });
    },
    async writeAny(message) {
      try {
        await send(message, []);
      } catch (err) {
        if (!tooLong(err as NodeJS.ErrnoException)) throw err;
        const file = calls.memoryFile(message);
        try {
          await send(NOTHING, [file]);
        } finally {
          closeSync(file);
        }
      }
    },
    close() {
      if (state === 'waiting') {
        state = 'closing';
        calls.shutDatagram(socket);
      } else if (state === 'open') close();
    },
  };
}
