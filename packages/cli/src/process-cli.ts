/** A Cli over a Node process. */
import { fstatSync, writeSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import type { InputStream, OutputStream, TerminalSize } from './cli.ts';
import type { EngineClient } from './client/client.ts';
import type { Endpoint } from './client/endpoint.ts';
import { createEngineClient } from './client/http-client.ts';
import { type ConfigFile, configDirectory, loadConfigFile } from './config/config-file.ts';
import { contextName, defaultEndpoint, selectEndpoint } from './config/endpoint-selection.ts';
import { type GlobalOptions, NO_GLOBAL_OPTIONS } from './global-options.ts';
import { nativeBinding } from './native.ts';
import type { ProgramCli } from './program.ts';
import { StatusError } from './status-error.ts';
import { makeTerminalRaw, restoreTerminals } from './streams/terminal.ts';

/** A reader that closed our output (`| head`) ends the program as SIGPIPE would. */
const EXIT_PIPE = 128 + 13;

export interface ProcessCli extends ProgramCli {
  /** Ends the process with exitCode once stdout and stderr are written. */
  end(): void;
}

export function createProcessCli(proc: NodeJS.Process): ProcessCli {
  let client: EngineClient | undefined;
  let config: ConfigFile | undefined;
  const stdout = new ProcessOutput(proc, 'stdout', 1);
  const stderr = new ProcessOutput(proc, 'stderr', 2);
  const cli: ProcessCli = {
    argv: proc.argv.slice(2),
    env: proc.env,
    get cwd() {
      return proc.cwd();
    },
    stdin: new ProcessInput(proc),
    stdout,
    stderr,
    exitCode: 0,
    globals: NO_GLOBAL_OPTIONS,
    onSignal: (signals, handler) => subscribe(proc, signals, handler),
    config: () => (config ??= openConfig(cli)),
    contextName: () => contextName(cli.globals, cli.env, cli.config()),
    defaultEndpoint: () => defaultEndpoint(cli.globals, cli.env, cli.config()),
    runtime: proc,
    client: () => (client ??= openClient(cli.globals, cli)),
    end: () => stdout.flush(() => stderr.flush(() => proc.exit(cli.exitCode))),
  };
  proc.on('exit', restoreTerminals);
  return cli;
}

function openConfig(cli: ProcessCli): ConfigFile {
  const config = loadConfigFile(cli.globals.configDirectory ?? configDirectory(cli.env));
  if (config.problem !== undefined) cli.stderr.write(`${config.problem}\n`);
  return config;
}

function openClient(options: GlobalOptions, cli: ProcessCli): EngineClient {
  const config = cli.config();
  const version = cli.env['DOCKER_API_VERSION']?.replace(/^v/, '');
  return createEngineClient(endpointOf(options, cli, config), {
    headers: { ...config.HttpHeaders, 'User-Agent': 'tsdocker' },
    ...(version ? { apiVersion: version } : {}),
  });
}

function endpointOf(options: GlobalOptions, cli: ProcessCli, config: ConfigFile): Endpoint {
  try {
    return selectEndpoint(options, cli.env, config);
  } catch (err) {
    const text = `Failed to initialize: unable to resolve docker endpoint: ${(err as Error).message}`;
    throw new StatusError(1, text);
  }
}

function subscribe(
  proc: NodeJS.Process,
  signals: readonly NodeJS.Signals[],
  handler: (signal: NodeJS.Signals) => void,
): () => void {
  for (const signal of signals) proc.on(signal, handler);
  return () => {
    for (const signal of signals) proc.off(signal, handler);
  };
}

/** Whatever is no character device is no terminal, and needs no addon to tell. */
function isTerminal(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isCharacterDevice() && nativeBinding().isTerminal(descriptor);
  } catch (err) {
    if ((err as NodeJS.ErrnoException).code === 'EBADF') return false;
    throw err;
  }
}

class ProcessInput implements InputStream {
  readonly isTerminal: boolean;
  readonly #proc: NodeJS.Process;
  constructor(proc: NodeJS.Process) {
    this.#proc = proc;
    this.isTerminal = isTerminal(0);
  }
  /** Opened on first use: a command that does not read must not disturb the terminal. */
  get stream(): Readable {
    return this.#proc.stdin;
  }
  makeRaw(): () => void {
    return makeTerminalRaw(0);
  }
}

class ProcessOutput implements OutputStream {
  readonly isTerminal: boolean;
  readonly #proc: NodeJS.Process;
  readonly #name: 'stdout' | 'stderr';
  readonly #descriptor: number;
  #watched = false;
  constructor(proc: NodeJS.Process, name: 'stdout' | 'stderr', descriptor: number) {
    this.#proc = proc;
    this.#name = name;
    this.#descriptor = descriptor;
    this.isTerminal = isTerminal(descriptor);
  }
  get stream(): Writable {
    const stream = this.#proc[this.#name];
    if (!this.#watched) {
      this.#watched = true;
      stream.on('error', (err) => this.#fail(err));
    }
    return stream;
  }
  size(): TerminalSize | undefined {
    return this.isTerminal ? nativeBinding().windowSize(this.#descriptor) : undefined;
  }
  onResize(handler: () => void): () => void {
    const stream = this.#proc[this.#name];
    stream.on('resize', handler);
    return () => void stream.off('resize', handler);
  }
  /** Written at once while nobody uses the stream: to open that loads node:net, which takes longer than most commands. */
  write(text: string | Uint8Array): void {
    if (this.#watched) return void this.stream.write(text);
    const bytes = typeof text === 'string' ? Buffer.from(text) : text;
    let done = 0;
    try {
      while (done < bytes.length) done += writeSync(this.#descriptor, bytes, done);
    } catch (err) {
      // A non-blocking pipe is full: the stream knows how to wait.
      if ((err as NodeJS.ErrnoException).code === 'EAGAIN') this.stream.write(bytes.subarray(done));
      else this.#fail(err as NodeJS.ErrnoException);
    }
  }
  flush(done: () => void): void {
    if (this.#watched) this.stream.write('', done);
    else done();
  }
  #fail(err: NodeJS.ErrnoException): never {
    if (err.code === 'EPIPE') this.#proc.exit(EXIT_PIPE);
    writeSync(2, `write /dev/${this.#name}: ${err.message}\n`);
    this.#proc.exit(1);
  }
}
