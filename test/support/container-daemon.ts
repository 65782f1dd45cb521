/**
 * A daemon with one container that does as the test says: the requests of run, start, exec and attach, over a real socket
 * with real hijacking, and no kernel behind it.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { frame } from '../../packages/shared/src/stdcopy.ts';

const ID = 'a'.repeat(64);

export interface ContainerScript {
  tty?: boolean;
  openStdin?: boolean;
  running?: boolean;
  paused?: boolean;
  autoRemove?: boolean;
  exitCode?: number;
  /** Refuses the start with this. */
  startError?: { status: number; message: string };
  createErrors?: { status: number; message: string }[];
  /** The process: runs once started and attached (exec: attached). Its return ends the container. */
  process?: (io: ContainerIo) => Promise<void> | void;
}

/** The container's side of its streams. */
export interface ContainerIo {
  stdout(text: string): void;
  stderr(text: string): void;
  /** All of stdin, when the client has closed its half. */
  stdin(): Promise<string>;
  /** Resolves with the first bytes of stdin. */
  firstInput(): Promise<string>;
  /** Resolves when a request with this text has come. */
  asked(text: string): Promise<void>;
  /** The next signal of a kill request. */
  signal(): Promise<string>;
}

export class ContainerDaemon {
  /** `METHOD /path?query`, without version, in the order of arrival. */
  readonly requests: string[] = [];
  readonly bodies = new Map<string, unknown>();
  readonly socket: string;
  readonly #server: Server;
  readonly #script: ContainerScript;
  readonly #ended = Promise.withResolvers<void>();
  readonly #started = Promise.withResolvers<void>();
  readonly #hijacked: Promise<void>[] = [];
  readonly #waiting = new Set<() => void>();
  #killed = Promise.withResolvers<string>();

  constructor(socket: string, script: ContainerScript) {
    this.socket = socket;
    this.#script = script;
    this.#server = createServer((req, res) => void this.#answer(req, res));
    this.#server.on('upgrade', (req: IncomingMessage, connection: Socket) => {
      this.#hijacked.push(this.#hijack(req, connection));
    });
  }

  listen(): Promise<void> {
    return new Promise((resolve) => this.#server.listen(this.socket, resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The client has gone; what it sent last is still to be read.
    this.#started.resolve();
    await Promise.all(this.#hijacked);
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #note(req: IncomingMessage): string {
    const line = `${req.method} ${(req.url ?? '').replace(/^\/v[\d.]+/, '')}`;
    if (!line.includes('/_ping')) this.requests.push(line);
    for (const arrived of this.#waiting) arrived();
    return line;
  }

  async #answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const line = this.#note(req);
    const body = await text(req);
    if (body !== '') this.bodies.set(line.split('?')[0]!, JSON.parse(body));
    const send = (status: number, value?: unknown): void => {
      const headers = { 'Api-Version': '1.55', Ostype: 'linux', 'Content-Type': 'application/json' };
      res.writeHead(status, headers).end(value === undefined ? undefined : JSON.stringify(value));
    };
    if (line.includes('/_ping')) return send(200);
    if (line.startsWith('POST /containers/create')) return this.#create(send);
    if (/\/start(\?|$)/.test(line) && line.includes('/containers/')) return this.#start(send);
    if (line.includes('/wait?')) return this.#wait(res);
    if (line.includes('/kill')) this.#killed.resolve(new URLSearchParams(line.split('?')[1]).get('signal') ?? 'KILL');
    if (/^POST \/containers\/[^/]+\/exec$/.test(line)) return send(201, { Id: 'e1' });
    if (line === 'GET /exec/e1/json') return send(200, { ExitCode: this.#script.exitCode ?? 0 });
    if (/^GET \/containers\/[^/]+\/json/.test(line)) return send(200, this.#inspect());
    send(line.includes('/exec/e1/start') ? 200 : 204);
  }

  #asked(text: string): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (this.requests.some((line) => line.includes(text))) resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }

  #create(send: (status: number, value?: unknown) => void): void {
    const refused = this.#script.createErrors?.shift();
    if (refused) send(refused.status, { message: refused.message });
    else send(201, { Id: ID, Warnings: [] });
  }

  #start(send: (status: number, value?: unknown) => void): void {
    const refused = this.#script.startError;
    if (refused) {
      this.#ended.resolve();
      send(refused.status, { message: refused.message });
    } else {
      send(204);
      this.#started.resolve();
    }
  }

  /** As the engine: headers at once, the result when it is known. */
  async #wait(res: ServerResponse): Promise<void> {
    res.writeHead(200, { 'Content-Type': 'application/json' }).flushHeaders();
    await this.#ended.promise;
    res.end(JSON.stringify({ StatusCode: this.#script.exitCode ?? 0 }));
  }

  #inspect(): unknown {
    const { tty = false, openStdin = false, running = true, paused = false, autoRemove = false } = this.#script;
    const State = { Running: running, Paused: paused, Restarting: false };
    return { Id: ID, State, Config: { Tty: tty, OpenStdin: openStdin }, HostConfig: { AutoRemove: autoRemove } };
  }

  async #hijack(req: IncomingMessage, connection: Socket): Promise<void> {
    const line = this.#note(req);
    connection.on('error', () => {}); // the client may go first
    const head = 'HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\n';
    connection.write(`${head}Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n`);
    if (line.includes('/attach') && !this.#script.running) await this.#started.promise;
    await this.#script.process?.(this.#io(connection));
    connection.end();
    this.#ended.resolve();
  }

  #io(connection: Socket): ContainerIo {
    const put = (stream: 1 | 2, data: string): void => {
      connection.write(this.#script.tty ? data : frame(stream, Buffer.from(data)));
    };
    return {
      stdout: (data) => put(1, data),
      stderr: (data) => put(2, data),
      stdin: () => untilGone(connection),
      asked: (text) => this.#asked(text),
      firstInput: () => new Promise((resolve) => connection.once('data', (data) => resolve(data.toString()))),
      signal: () => this.#killed.promise,
    };
  }
}

/** What came until the client closed its half or went. */
function untilGone(connection: Socket): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Uint8Array[] = [];
    connection.on('data', (chunk: Buffer) => chunks.push(chunk));
    const done = (): void => resolve(Buffer.concat(chunks).toString());
    connection.on('end', done).on('close', done);
    if (connection.destroyed || connection.readableEnded) done();
  });
}

async function text(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
