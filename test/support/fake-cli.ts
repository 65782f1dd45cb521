/** Runs one command line of the program against a fake client; what it printed, asked and answered comes back. */
import { PassThrough } from 'node:stream';
import type { OutputStream, TerminalSize } from '../../packages/cli/src/cli.ts';
import type { EngineClient } from '../../packages/cli/src/client/client.ts';
import { parseEndpoint } from '../../packages/cli/src/client/endpoint.ts';
import { NO_GLOBAL_OPTIONS } from '../../packages/cli/src/global-options.ts';
import { type ProgramCli, runProgram } from '../../packages/cli/src/program.ts';
import { type FakeAnswer, FakeClient } from './fake-client.ts';

export interface FakeRun {
  answers?: Record<string, FakeAnswer>;
  version?: string;
  stdin?: string;
  /** Both outputs are terminals of this size. */
  terminal?: TerminalSize;
  config?: Record<string, unknown>;
  env?: Record<string, string>;
  cwd?: string;
  /** Instead of the fake: a client that fails. */
  client?: EngineClient;
}

export interface FakeResult {
  exitCode: number;
  stdout: string;
  stderr: string;
  /** Requests made. */
  client: FakeClient;
}

/** @param line words separated by blanks; a list where a word holds blanks */
export async function runCli(line: string | readonly string[], options: FakeRun = {}): Promise<FakeResult> {
  const argv = typeof line === 'string' ? line.split(' ').filter((word) => word !== '') : line;
  const client = new FakeClient(options.answers ?? {}, options.version);
  const [stdout, stderr] = [captured(options.terminal), captured(options.terminal)];
  const cli: ProgramCli = {
    argv,
    env: { HOME: '/home/someone', ...options.env },
    cwd: options.cwd ?? '/',
    stdin: { stream: new PassThrough().end(options.stdin ?? ''), isTerminal: false, makeRaw: () => () => {} },
    stdout: stdout.stream,
    stderr: stderr.stream,
    exitCode: 0,
    globals: NO_GLOBAL_OPTIONS,
    onSignal: () => () => {},
    client: () => options.client ?? client,
    config: () => ({ directory: '/home/someone/.docker', ...options.config }),
    contextName: () => options.env?.['DOCKER_CONTEXT'] ?? cli.config().currentContext ?? 'default',
    defaultEndpoint: () => parseEndpoint('unix:///var/run/tsdocker.sock'),
    runtime: { version: 'v24.0.0', platform: 'linux', arch: 'x64' },
  };
  await runProgram(cli);
  return { exitCode: cli.exitCode, stdout: stdout.text(), stderr: stderr.text(), client };
}

function captured(terminal: TerminalSize | undefined): { stream: OutputStream; text: () => string } {
  const sink = new PassThrough();
  const chunks: Buffer[] = [];
  sink.on('data', (chunk: Buffer) => chunks.push(chunk));
  const stream: OutputStream = {
    stream: sink,
    isTerminal: terminal !== undefined,
    size: () => terminal,
    onResize: () => () => {},
    write: (text) => void sink.write(text),
  };
  return {
    stream,
    text: () => {
      const rest = sink.read() as Buffer | null;
      if (rest) chunks.push(rest);
      return Buffer.concat(chunks).toString('utf8');
    },
  };
}
