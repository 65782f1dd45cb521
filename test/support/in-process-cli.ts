/** A Cli inside the test: arguments in, text and exit code out, the real client to whatever daemon is named. */
import { PassThrough, type Readable, Writable } from 'node:stream';
import type { InputStream, OutputStream, TerminalSize } from '../../packages/cli/src/cli.ts';
import { parseEndpoint } from '../../packages/cli/src/client/endpoint.ts';
import { createEngineClient } from '../../packages/cli/src/client/http-client.ts';
import { NO_GLOBAL_OPTIONS } from '../../packages/cli/src/global-options.ts';
import { type ProgramCli, runProgram } from '../../packages/cli/src/program.ts';

export interface InProcessOptions {
  cwd: string;
  env?: Record<string, string>;
  /** Path of the daemon's unix socket. */
  socket: string;
  /** What stdin holds; a Readable for input that is sent over time. */
  stdin?: string | Readable;
  /** Both ends are a terminal of this size. */
  terminal?: TerminalSize;
  config?: Record<string, unknown>;
  /** Delivers a signal to the command. */
  signals?: { send?: (signal: NodeJS.Signals) => void };
}

export interface Ran {
  exitCode: number;
  stdout: string;
  stderr: string;
  /** How often the terminal was made raw, and given back. */
  raw: { made: number; restored: number };
}

/** Runs one command line to its end. */
export async function runInProcess(argv: readonly string[], options: InProcessOptions): Promise<Ran> {
  const out = new Capture();
  const err = new Capture();
  const raw = { made: 0, restored: 0 };
  const client = createEngineClient(parseEndpoint(`unix://${options.socket}`));
  const handlers = new Set<(signal: NodeJS.Signals) => void>();
  if (options.signals) {
    options.signals.send = (signal) => {
      for (const handler of handlers) handler(signal);
    };
  }
  const cli: ProgramCli = {
    argv,
    env: options.env ?? {},
    cwd: options.cwd,
    stdin: input(options, raw),
    stdout: output(out, options.terminal),
    stderr: output(err, options.terminal),
    exitCode: 0,
    globals: NO_GLOBAL_OPTIONS,
    onSignal: (_, handler) => {
      handlers.add(handler);
      return () => void handlers.delete(handler);
    },
    client: () => client,
    config: () => ({ directory: '/nonexistent', ...options.config }),
    contextName: () => 'default',
    defaultEndpoint: () => parseEndpoint(`unix://${options.socket}`),
    runtime: process,
  };
  try {
    await runProgram(cli);
  } finally {
    client.close();
  }
  return { exitCode: cli.exitCode, stdout: out.text, stderr: err.text, raw };
}

class Capture extends Writable {
  readonly #chunks: Buffer[] = [];
  get text(): string {
    return Buffer.concat(this.#chunks).toString();
  }
  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.#chunks.push(chunk);
    done();
  }
}

function input(options: InProcessOptions, raw: Ran['raw']): InputStream {
  const stream = typeof options.stdin === 'object' ? options.stdin : new PassThrough().end(options.stdin ?? '');
  return {
    stream,
    isTerminal: options.terminal !== undefined,
    makeRaw: () => {
      raw.made += 1;
      return () => {
        raw.restored += 1;
      };
    },
  };
}

function output(stream: Writable, terminal: TerminalSize | undefined): OutputStream {
  return {
    stream,
    isTerminal: terminal !== undefined,
    size: () => terminal,
    onResize: () => () => {},
    write: (text) => void stream.write(text),
  };
}
