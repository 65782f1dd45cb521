/**
 * Attach and exec start leave HTTP: after the header the connection carries the process' streams both ways.
 * A client that sends `Upgrade: tcp` gets 101, one that does not gets 200; the bytes after it are the same.
 * @see Engine API `ContainerAttach`, "Hijacking"
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Duplex, PassThrough, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { type FrameStream, frameHeader } from '@tsdocker/shared/stdcopy.ts';
import type { ClientStreams } from '../containers/service.types.ts';
import { upgradedBody } from './upgraded-body.ts';

export const RAW_STREAM = 'application/vnd.docker.raw-stream';
export const MULTIPLEXED_STREAM = 'application/vnd.docker.multiplexed-stream';

/** After the process has ended, how long a client may take to close its side. */
const LINGER_MILLIS = 10_000;

/** A request's connection, before it is decided whether it will be taken over. */
export interface Hijackable {
  /** True when the client asked for an upgrade and the route honours it. */
  readonly upgraded: boolean;
  body(): AsyncIterable<Buffer>;
  /** Ends HTTP on this connection: sends the header, gives the raw stream. Once. */
  takeOver(contentType: string): Duplex;
  /** The same without a header, for a protocol that has its own. */
  detach(): Duplex;
}

/** A request that Node treats as an ordinary one. */
export function ordinaryConnection(req: IncomingMessage, res: ServerResponse): Hijackable {
  const detach = (): Duplex => {
    res.detachSocket(req.socket);
    detachParser(req.socket);
    return req.socket;
  };
  return {
    upgraded: false,
    body: () => req,
    detach,
    takeOver(contentType) {
      const header = headerText('HTTP/1.1 200 OK', contentType, res);
      const socket = detach();
      socket.write(header);
      return socket;
    },
  };
}

/** A request of the server's `upgrade` event; `res` writes to the socket until the take-over. */
export function upgradedConnection(req: IncomingMessage, res: ServerResponse, socket: Duplex): Hijackable {
  const detach = (): Duplex => {
    res.detachSocket(req.socket);
    return socket;
  };
  return {
    upgraded: true,
    body: () => upgradedBody(req.headers, socket),
    detach,
    takeOver(contentType) {
      const header = headerText('HTTP/1.1 101 UPGRADED', contentType, res, 'Connection: Upgrade\r\nUpgrade: tcp\r\n');
      detach().write(header);
      return socket;
    },
  };
}

function headerText(statusLine: string, contentType: string, res: ServerResponse, upgrade = ''): string {
  const others = Object.entries(res.getHeaders()).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${statusLine}\r\nContent-Type: ${contentType}\r\n${upgrade}${others.join('')}\r\n`;
}

/**
 * Makes Node's HTTP parser let go of a socket. Listening for `readable` makes the server hand the descriptor back from
 * the parser to the stream; the server's own listeners would still feed the parser, and answer a half close by closing.
 */
function detachParser(socket: Duplex): void {
  const nothing = (): void => {};
  socket.removeAllListeners('data').removeAllListeners('end');
  socket.on('readable', nothing).off('readable', nothing);
}

/** An open hijacked stream, and how it ends. */
export interface HijackedStreams {
  streams: ClientStreams;
  /** Flushes what the process wrote, then closes towards the client. */
  finish(): Promise<void>;
}

/**
 * @param opts.framed stdout and stderr go in frames; otherwise both raw
 * @param opts.stdin the client's bytes are wanted; otherwise they are read and dropped, so that its leaving is noticed
 */
export function openHijackedStreams(socket: Duplex, opts: { framed: boolean; stdin: boolean }): HijackedStreams {
  const stdout = new SocketWriter(socket, opts.framed ? 1 : undefined);
  const stderr = new SocketWriter(socket, opts.framed ? 2 : undefined);
  const stdin = opts.stdin ? socket.pipe(new PassThrough()) : undefined;
  if (!stdin) socket.resume();
  // A client that vanishes is an end of all three, not an error of the process.
  socket.on('error', () => socket.destroy());
  for (const stream of [stdout, stderr, stdin]) stream?.on('error', () => {});
  socket.once('close', () => {
    for (const stream of [stdout, stderr, stdin]) stream?.destroy();
  });
  const streams: ClientStreams = stdin ? { stdin, stdout, stderr } : { stdout, stderr };
  return { streams, finish: () => finish(socket, [stdout, stderr]) };
}

async function finish(socket: Duplex, writers: Writable[]): Promise<void> {
  await Promise.all(
    writers.map((writer) => {
      writer.end();
      // A writer that was destroyed because the client left has nothing more to flush.
      return finished(writer).catch(() => undefined);
    }),
  );
  if (socket.destroyed) return;
  // Closing with unread input would make the kernel reset the connection and lose output the client has not read yet.
  socket.resume();
  const linger = setTimeout(() => socket.destroy(), LINGER_MILLIS).unref();
  socket.once('close', () => clearTimeout(linger));
  if (socket.readableEnded) socket.once('finish', () => socket.destroy());
  else socket.once('end', () => socket.destroy());
  socket.end();
}

/** Writes to the client's socket, in frames when `stream` is given. A write completes when the kernel has taken it. */
class SocketWriter extends Writable {
  readonly #socket: Duplex;
  readonly #stream: FrameStream | undefined;

  constructor(socket: Duplex, stream: FrameStream | undefined) {
    super({ highWaterMark: 256 * 1024 });
    this.#socket = socket;
    this.#stream = stream;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (err?: Error | null) => void): void {
    this._writev([{ chunk }], done);
  }

  override _writev(chunks: { chunk: Buffer }[], done: (err?: Error | null) => void): void {
    this.#socket.cork();
    chunks.forEach(({ chunk }, index) => {
      if (this.#stream !== undefined) this.#socket.write(frameHeader(this.#stream, chunk.length));
      this.#socket.write(chunk, index === chunks.length - 1 ? done : undefined);
    });
    this.#socket.uncork();
  }
}
