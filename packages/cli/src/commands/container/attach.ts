import type { ContainerInspect, ContainerState } from '@tsdocker/shared/types/container.ts';
import type { Cli } from '../../cli.ts';
import { containerAttach, containerInspect, containerResize, containerWait } from '../../client/container.ts';
import type { CommandSpec, Flags } from '../../command.ts';
import { checkTty } from '../../streams/check-tty.ts';
import { startSession } from '../../streams/session.ts';
import { proxySignals } from '../../streams/signal-proxy.ts';
import { followSize } from '../../streams/tty-size.ts';

export const command: CommandSpec = {
  name: 'attach',
  usage: '[OPTIONS] CONTAINER',
  summary: 'Attach local standard input, output, and error streams to a running container',
  flags: [
    { name: 'no-stdin', kind: 'bool', description: 'Do not attach STDIN' },
    { name: 'sig-proxy', kind: 'bool', default: true, description: 'Proxy all received signals to the process' },
    { name: 'detach-keys', kind: 'string', description: 'Override the key sequence for detaching a container' },
  ],
  args: { min: 1, max: 1 },
  async run(cli, [container = ''], flags) {
    const inspected = await inspectRunning(cli, container);
    const tty = inspected.Config?.Tty ?? false;
    checkTty(cli, !flags.bool('no-stdin'), tty);
    const stopProxy = isProxied(flags, tty) ? proxySignals(cli, container) : (): void => {};
    const waiting = new AbortController();
    try {
      await attach(cli, container, inspected, flags, waiting.signal);
    } finally {
      waiting.abort();
      stopProxy();
    }
  },
};

/** In a terminal the keys make the signals, inside. */
function isProxied(flags: Flags, tty: boolean): boolean {
  return flags.bool('sig-proxy') && !tty;
}

async function inspectRunning(cli: Cli, container: string): Promise<ContainerInspect> {
  const inspected = await containerInspect(cli.client(), container);
  const problem = problemOf(inspected.State);
  if (problem !== undefined) throw new Error(problem);
  return inspected;
}

function problemOf(state: ContainerState | undefined): string | undefined {
  if (!state?.Running) return 'You cannot attach to a stopped container, start it first';
  if (state.Paused) return 'You cannot attach to a paused container, unpause it first';
  return state.Restarting ? 'You cannot attach to a restarting container, wait until it is running' : undefined;
}

async function attach(
  cli: Cli,
  container: string,
  { Config }: ContainerInspect,
  flags: Flags,
  signal: AbortSignal,
): Promise<void> {
  const tty = Config?.Tty ?? false;
  const streams = { stdin: !flags.bool('no-stdin') && (Config?.OpenStdin ?? false), stdout: true, stderr: true };
  const detachKeys = flags.string('detach-keys') || cli.config().detachKeys || '';
  const signalsProxied = isProxied(flags, tty);
  const { exit } = await containerWait(cli.client(), container, 'not-running', { signal });
  const connection = await containerAttach(cli.client(), container, { stream: true, ...streams, detachKeys });
  // It may have stopped since the first look, and then nothing would ever end this attach.
  await inspectRunning(cli, container).catch((err: unknown) => {
    connection.socket.destroy();
    throw err;
  });
  const stopResize = tty && cli.stdout.isTerminal ? await redraw(cli, container) : (): void => {};
  const end = await startSession(cli, connection, { tty, ...streams, detachKeys, signalsProxied }).end.finally(
    stopResize,
  );
  if (end === 'detached') throw new Error('read escape sequence');
  const result = await exit;
  if (result.Error?.Message) throw new Error(result.Error.Message);
  cli.exitCode = result.StatusCode;
}

/** A size that differs, then the right one: the program inside draws its screen anew, which shows its prompt. */
async function redraw(cli: Cli, container: string): Promise<() => void> {
  const resize = (size: { height: number; width: number }) => containerResize(cli.client(), container, size);
  const size = cli.stdout.size();
  if (size) await resize({ height: size.height + 1, width: size.width + 1 }).catch(() => {}); // the real size is tried again
  return followSize(cli, resize);
}
