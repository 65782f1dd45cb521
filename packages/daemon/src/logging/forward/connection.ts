/** Connections to log receivers: bytes or datagrams out, nothing comes back. */
import { createSocket } from 'node:dgram';
import { connect, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { type DatagramCalls, openDatagramSocket } from './datagrams.ts';

export interface Connection {
  /** @throws Error once the receiver has gone */
  write(message: Buffer): Promise<void>;
  close(): void;
}

export type Target =
  | { kind: 'unix'; path: string }
  | { kind: 'unixgram'; path: string }
  | { kind: 'udp'; host: string; port: number }
  | { kind: 'tcp'; host: string; port: number }
  | { kind: 'tls'; host: string; port: number; tls: ConnectionOptions };

/** `host[:port]`, an IPv6 address in brackets; the host may be empty. @returns undefined for anything else */
export function splitAddress(text: string): { host: string; port: number | undefined } | undefined {
  const [, host, port] = /^(\[[^\]]*\]|[^:/]*)(?::(\d{1,5}))?$/.exec(text) ?? [];
  if (host === undefined || Number(port ?? 0) > 65535) return undefined;
  return { host: host.replace(/[[\]]/g, ''), port: port === undefined ? undefined : Number(port) };
}

const CONNECT_MILLIS = 10_000;
/** What is written already still goes out, to a receiver that reads. */
const CLOSE_MILLIS = 5000;
const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network is unreachable',
  ETIMEDOUT: 'i/o timeout',
};

/** @throws Error in the words of Go's dialer */
export function openConnection(target: Target, calls: DatagramCalls): Promise<Connection> {
  return connecting(target, async () => {
    if (target.kind === 'unixgram') return openDatagramSocket(target.path, calls);
    return target.kind === 'udp' ? await openDatagrams(target) : await openStream(target);
  });
}

/** @throws what `open` throws, in the words of Go's dialer */
export async function connecting<T extends Connection>(target: Target, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (err) {
    const { code = '', message } = err as NodeJS.ErrnoException;
    const address = 'path' in target ? target.path : `${target.host}:${target.port}`;
    const network = target.kind === 'tls' ? 'tcp' : target.kind;
    throw new Error(`dial ${network} ${address}: ${REASONS[code] ? `connect: ${REASONS[code]}` : message}`, {
      cause: err,
    });
  }
}

async function openDatagrams({ host, port }: { host: string; port: number }): Promise<Connection> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  socket.unref();
  // A receiver that is not there answers by ICMP: datagrams are lost, as datagrams are.
  socket.on('error', () => {});
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.connect(port, host, () => resolve());
  });
  return {
    write: (message) => new Promise((resolve) => socket.send(message, () => resolve())),
    close: () => socket.close(),
  };
}

async function openStream(target: Exclude<Target, { kind: 'udp' | 'unixgram' }>): Promise<Connection> {
  const { socket, ready } = streamTo(target);
  let failure: Error | undefined;
  socket.on('error', (err) => (failure ??= err));
  socket.once('close', () => (failure ??= new Error('connection closed by the receiver')));
  // Receivers say nothing; reading is how their end is seen.
  socket.resume();
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => socket.destroy(Object.assign(new Error(), { code: 'ETIMEDOUT' })), CONNECT_MILLIS);
    socket.once(ready, resolve).once('error', reject);
    socket.once(ready, () => clearTimeout(timer)).once('close', () => clearTimeout(timer));
  });
  socket.unref();
  return {
    write: (message) =>
      new Promise((resolve, reject) => {
        if (failure) return reject(failure);
        // A peer that resets in the meantime makes the callback fail or the socket close: both end the wait.
        const onClose = () => reject(failure ?? new Error('connection closed by the receiver'));
        socket.once('close', onClose);
        socket.write(message, (err) => {
          socket.off('close', onClose);
          if (err) reject(err);
          else resolve();
        });
      }),
    close: () => {
      socket.end();
      setTimeout(() => socket.destroy(), CLOSE_MILLIS).unref();
    },
  };
}

function streamTo(target: Exclude<Target, { kind: 'udp' | 'unixgram' }>): {
  socket: Socket;
  ready: 'connect' | 'secureConnect';
} {
  if (target.kind === 'unix') return { socket: connect({ path: target.path }), ready: 'connect' };
  const { host, port } = target;
  if (target.kind !== 'tls') return { socket: connect({ host, port }), ready: 'connect' };
  return { socket: connectTls({ host, port, ...target.tls }), ready: 'secureConnect' };
}
