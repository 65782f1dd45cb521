/** A daemon with fake domains on a unix socket of its own, and plain requests to it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { type IncomingHttpHeaders, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { parseFlags } from '../../packages/daemon/src/config/flags.ts';
import { loadConfig } from '../../packages/daemon/src/config/load.ts';
import { type Daemon, type Services, startDaemon } from '../../packages/daemon/src/daemon.ts';
import type { EventSink } from '../../packages/daemon/src/events/events.ts';
import { createLogger } from '../../packages/daemon/src/log.ts';
import { fakeServices } from './fake-services.ts';

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  /** The body as JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked at, not typed
  json(): any;
}

export interface ApiDaemon {
  socket: string;
  directory: string;
  events: EventSink;
  daemon: Daemon;
  logLines: string[];
  ask(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** A connection on which `head` (without the blank line) has been sent. */
  raw(head: string, body?: string): Promise<RawConnection>;
}

export async function apiDaemon(
  t: TestContext,
  given: Partial<Services> = {},
  argv: string[] = [],
): Promise<ApiDaemon> {
  const directory = await mkdtemp(join(tmpdir(), 'tsd-api-'));
  const socket = join(directory, 's.sock');
  const paths = ['--data-root', join(directory, 'data'), '--exec-root', join(directory, 'exec')];
  const flags = [...paths, '--pidfile', join(directory, 'pid'), '-H', `unix://${socket}`, ...argv];
  const config = await loadConfig(parseFlags(flags));
  const logLines: string[] = [];
  let events: EventSink | undefined;
  const daemon = await startDaemon(
    config,
    createLogger(config.logLevel, (line) => logLines.push(line)),
    async (context) => {
      events = context.events;
      return fakeServices(given);
    },
  );
  t.after(async () => {
    await daemon.stop();
    await rm(directory, { recursive: true, force: true });
  });
  return {
    socket,
    directory,
    events: events!,
    daemon,
    logLines,
    ask: (method, path, body, headers) => ask(socket, method, path, body, headers),
    raw: (head, body = '') => RawConnection.open(socket, `${head}\r\n\r\n${body}`),
  };
}

function ask(socketPath: string, method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const text = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
  const type =
    text === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': `${Buffer.byteLength(text)}` };
  return new Promise<Answer>((resolve, reject) => {
    const req = request({ socketPath, method, path, headers: { ...type, ...headers }, agent: false }, (res) => {
      const chunks: Buffer[] = [];
      res.on('data', (chunk: Buffer) => chunks.push(chunk));
      res.on('error', reject);
      res.on('end', () => {
        const answer = Buffer.concat(chunks).toString();
        resolve({ status: res.statusCode ?? 0, headers: res.headers, text: answer, json: () => JSON.parse(answer) });
      });
    });
    req.on('error', reject);
    req.end(text);
  });
}

/** A client that speaks HTTP by hand, to see every byte. */
export class RawConnection {
  readonly socket: Socket;
  #received = Buffer.alloc(0);
  #ended = false;
  readonly #changed = new Set<() => void>();

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#notify();
    });
    for (const event of ['end', 'close', 'error']) {
      socket.on(event, () => {
        this.#ended = true;
        this.#notify();
      });
    }
  }

  static open(path: string, text: string): Promise<RawConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect({ path, allowHalfOpen: true });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.write(text);
        resolve(new RawConnection(socket));
      });
    });
  }

  /** Everything up to and including `end`; the rest stays for the next call. */
  async until(end: string): Promise<string> {
    await this.#wait(() => this.#received.includes(end), `${JSON.stringify(end)}`);
    return this.#take(this.#received.indexOf(end) + end.length).toString('latin1');
  }

  /** The header, with its lines. */
  head(): Promise<string> {
    return this.until('\r\n\r\n');
  }

  /** What comes until the daemon closes its side. */
  async rest(): Promise<Buffer> {
    await this.#wait(() => this.#ended, 'the end');
    return this.#take(this.#received.length);
  }

  #take(size: number): Buffer {
    const taken = this.#received.subarray(0, size);
    this.#received = this.#received.subarray(size);
    return taken;
  }

  #notify(): void {
    for (const handler of this.#changed) handler();
  }

  #wait(condition: () => boolean, what: string): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#changed.delete(check);
        reject(new Error(`waited 5 s for ${what}; received ${JSON.stringify(this.#received.toString('latin1'))}`));
      }, 5000);
      const check = (): void => {
        if (!condition()) return;
        clearTimeout(timer);
        this.#changed.delete(check);
        resolve();
      };
      this.#changed.add(check);
    });
  }
}
