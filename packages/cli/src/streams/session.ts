/** One attached container or exec: our streams joined to its connection, until its output ends or the user detaches. */
import type { Cli } from '../cli.ts';
import type { HijackedStream } from '../client/client.ts';
import { StatusError } from '../status-error.ts';
import { copyInput, type InputCopy } from './copy-input.ts';
import { copyOutput, type OutputTargets } from './copy-output.ts';
import { DetachDetector, parseDetachKeys } from './detach-keys.ts';

export interface SessionOptions {
  /** The container has a terminal: its output is not framed, ours becomes raw when input is attached. */
  tty: boolean;
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
  /** '' = ctrl-p,ctrl-q. Watched for only with a terminal, as the daemon does. */
  detachKeys: string;
  /** The container gets our signals; otherwise one that asks us to end does end us, with the terminal as it was. */
  signalsProxied: boolean;
}

/** Signals that end a program, with the number that a shell adds to 128. */
const ENDING = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGTERM: 15 } as const;

/** What ended a session. */
export type SessionEnd = 'ended' | 'detached';

export interface Session {
  /** @throws what the connection or our output threw */
  readonly end: Promise<SessionEnd>;
  /** Lets go of the connection and the terminal; `end` settles. */
  abort(): void;
}

/** Starts copying at once. The terminal is raw from here until `end` settles. */
export function startSession(cli: Cli, { socket }: HijackedStream, options: SessionOptions): Session {
  const interactive = options.tty && options.stdin;
  const detector = interactive ? new DetachDetector(keysOf(cli, options.detachKeys)) : undefined;
  const restore = interactive && cli.stdin.isTerminal ? cli.stdin.makeRaw() : (): void => {};
  const targets: OutputTargets = {
    stdout: options.stdout ? cli.stdout.stream : undefined,
    stderr: options.stderr ? cli.stderr.stream : undefined,
  };
  let aborted = false;
  const output = copyOutput(socket, targets, options.tty).catch((err: unknown) => {
    if (!aborted) throw err;
  });
  const input = options.stdin ? copyInput(cli.stdin.stream, socket, detector) : undefined;
  const signals = options.signalsProxied ? undefined : endingSignal(cli);
  const end = Promise.race([joined(output, input, options), ...(signals ? [signals.came] : [])]).finally(() => {
    signals?.off();
    restore();
    input?.stop();
    // A late error (the daemon resets what it no longer reads) concerns nobody any more.
    socket.on('error', () => {});
    socket.destroy();
  });
  end.catch(() => {}); // told to whoever awaits it
  const abort = (): void => {
    aborted = true;
    socket.destroy();
  };
  return { end, abort };
}

/** Rejects when a signal asks the program to end; until then its default action is off. */
function endingSignal(cli: Cli): { came: Promise<never>; off: () => void } {
  const { promise: came, reject } = Promise.withResolvers<never>();
  const off = cli.onSignal(Object.keys(ENDING) as NodeJS.Signals[], (signal) => {
    reject(new StatusError(128 + ENDING[signal as keyof typeof ENDING]));
  });
  return { came, off };
}

async function joined(
  output: Promise<void>,
  input: InputCopy | undefined,
  options: SessionOptions,
): Promise<SessionEnd> {
  const ended = output.then(() => 'output' as const);
  const first = await Promise.race(input ? [ended, input.done] : [ended]);
  if (first === 'detached') {
    output.catch(() => {});
    return 'detached';
  }
  // Input alone (-a stdin): there is no output to wait for.
  if (first !== 'output' && (options.stdout || options.stderr)) await waitOr(output, input);
  return 'ended';
}

async function waitOr(output: Promise<void>, input: InputCopy | undefined): Promise<void> {
  await output;
  input?.stop();
}

/** Bad keys are the daemon's to refuse; here they mean the default, with a warning, as docker does. */
function keysOf(cli: Cli, text: string): Buffer {
  try {
    return parseDetachKeys(text);
  } catch (err) {
    cli.stderr.write(`invalid detach escape keys, using default: ${(err as Error).message}\n`);
    return parseDetachKeys('');
  }
}
