/**
 * Attach over a WebSocket (RFC 6455): the client's messages are input, whatever their type; output goes out in one message a
 * write, stdout and stderr alike and without frames.
 * @see Engine API `ContainerAttachWebsocket`
 */
import type { IncomingMessage } from 'node:http';
import { type Duplex, Readable, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { DockerError } from '@tsdocker/shared/errors.ts';
import type { WebSocket } from 'ws';
import type { ClientStreams } from '../containers/service.types.ts';
import type { HijackedStreams } from './hijack.ts';

/** A message is held whole before it is handed on: a longer one ends the connection with 1009. */
const MAX_MESSAGE_BYTES = 16 << 20;
const NORMAL = 1000;
const KEY = /^[+/0-9A-Za-z]{22}==$/;

/** @throws InvalidParameter the request does not ask for a WebSocket, or not for one of version 13 */
export function checkWebSocketRequest({ headers }: IncomingMessage): void {
  if (headers.upgrade?.toLowerCase() !== 'websocket') throw bad('not websocket protocol');
  if (headers['sec-websocket-version'] !== '13') throw bad('missing or bad WebSocket Version');
  if (!KEY.test(headers['sec-websocket-key'] ?? '')) throw bad('mismatch challenge/response');
}

/**
 * Answers the handshake on a connection that HTTP has let go of.
 * @param opts.binary type of the messages to the client; before API 1.28 they were text
 */
export async function openWebSocketStreams(
  req: IncomingMessage,
  socket: Duplex,
  opts: { binary: boolean; stdin: boolean },
): Promise<HijackedStreams> {
  const client = await acceptWebSocket(req, socket);
  const stdout = new MessageWriter(client, opts.binary);
  const stderr = new MessageWriter(client, opts.binary);
  const stdin = opts.stdin ? new MessageReader(client) : undefined;
  if (!stdin) client.on('message', () => {});
  // What is wrong with a connection closes it; to the process that is a client that has left.
  client.on('error', () => {});
  for (const stream of [stdout, stderr, stdin]) stream?.on('error', () => {});
  client.once('close', () => {
    stdin?.push(null);
    for (const stream of [stdout, stderr]) stream.destroy();
  });
  const streams: ClientStreams = stdin ? { stdin, stdout, stderr } : { stdout, stderr };
  return { streams, finish: () => finish(client, [stdout, stderr]) };
}

/** The library is loaded by the first who asks for it: few do, and it brings megabytes. */
async function acceptWebSocket(req: IncomingMessage, socket: Duplex): Promise<WebSocket> {
  const { WebSocketServer } = await import('ws');
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    skipUTF8Validation: true,
    maxPayload: MAX_MESSAGE_BYTES,
  });
  return new Promise((resolve, reject) => {
    server.once('wsClientError', (err, refused) => {
      refused.destroy();
      reject(err);
    });
    server.handleUpgrade(req, socket, Buffer.alloc(0), resolve);
  });
}

async function finish(client: WebSocket, writers: Writable[]): Promise<void> {
  await Promise.all(
    writers.map((writer) => {
      writer.end();
      // One that was destroyed because the client left has nothing more to send.
      return finished(writer).catch(() => undefined);
    }),
  );
  // Input that nobody takes any more must not keep the answer to the close from being read.
  client.resume();
  client.close(NORMAL);
}

class MessageReader extends Readable {
  readonly #client: WebSocket;

  constructor(client: WebSocket) {
    super({ highWaterMark: 64 * 1024 });
    this.#client = client;
    client.on('message', (data: Buffer) => {
      if (data.length > 0 && !this.destroyed && !this.push(data)) client.pause();
    });
  }

  override _read(): void {
    this.#client.resume();
  }
}

/** A write completes when the kernel has taken the message. */
class MessageWriter extends Writable {
  readonly #client: WebSocket;
  readonly #binary: boolean;

  constructor(client: WebSocket, binary: boolean) {
    super({ highWaterMark: 256 * 1024 });
    this.#client = client;
    this.#binary = binary;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (err?: Error | null) => void): void {
    this.#client.send(chunk, { binary: this.#binary }, (err) => done(err));
  }
}

function bad(message: string): DockerError {
  return new DockerError('InvalidParameter', message);
}
