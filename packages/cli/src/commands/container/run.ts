import type { ContainerCreateRequest } from '@tsdocker/shared/types/container.ts';
import type { Cli } from '../../cli.ts';
import { containerAttach, containerResize, containerStart } from '../../client/container.ts';
import type { CommandSpec, Flags } from '../../command.ts';
import { checkTty } from '../../streams/check-tty.ts';
import { waitForExit } from '../../streams/exit-status.ts';
import { type Session, startSession } from '../../streams/session.ts';
import { proxySignals } from '../../streams/signal-proxy.ts';
import { followSize } from '../../streams/tty-size.ts';
import { createContainer, createFlags, readRequest } from './create-container.ts';
import { exitCodeOfStartError, framed } from './error-frame.ts';

export const command: CommandSpec = {
  name: 'run',
  usage: '[OPTIONS] IMAGE [COMMAND] [ARG...]',
  summary: 'Create and run a new container from an image',
  flags: [
    ...createFlags,
    { name: 'detach', short: 'd', kind: 'bool', description: 'Run container in background and print container ID' },
    { name: 'detach-keys', kind: 'string', description: 'Override the key sequence for detaching a container' },
    { name: 'sig-proxy', kind: 'bool', default: true, description: 'Proxy received signals to the process' },
  ],
  args: { min: 1, max: Number.POSITIVE_INFINITY },
  stopAtArgument: true,
  async run(cli, args, flags) {
    const request = await readRequest(cli, args, flags, flags.bool('detach')).catch((err: unknown) => {
      throw framed('run', err);
    });
    if (flags.bool('detach')) detachStreams(request, flags);
    else checkTty(cli, request.AttachStdin ?? false, request.Tty ?? false);
    const id = await createContainer(cli, request, flags).catch((err: unknown) => {
      throw framed('run', err, exitCodeOfStartError(err));
    });
    const stopProxy = flags.bool('sig-proxy') ? proxySignals(cli, id) : (): void => {};
    try {
      await runContainer(cli, id, request, flags);
    } finally {
      stopProxy();
    }
  },
};

function detachStreams(request: ContainerCreateRequest, flags: Flags): void {
  if (flags.list('attach').length > 0)
    throw new Error('conflicting options: cannot specify both --attach and --detach');
  Object.assign(request, { AttachStdin: false, AttachStdout: false, AttachStderr: false, StdinOnce: false });
}

/** Attaches and waits before the start, so that neither the first output nor a quick end can be missed. */
async function runContainer(cli: Cli, id: string, request: ContainerCreateRequest, flags: Flags): Promise<void> {
  const hasOutput = request.AttachStdout || request.AttachStderr;
  if (flags.bool('detach')) cli.stdout.write(`${id}\n`);
  const session = hasOutput || request.AttachStdin ? await attach(cli, id, request, flags) : undefined;
  const waiting = new AbortController();
  try {
    const { status } = await waitForExit(cli, id, flags.bool('rm'), waiting.signal);
    await start(cli, id, session, flags.bool('rm') ? status : undefined);
    const stopResize = session && request.Tty && cli.stdout.isTerminal ? follow(cli, id) : (): void => {};
    const end = await session?.end.finally(stopResize);
    if (session && end !== 'detached') cli.exitCode = await status;
  } finally {
    waiting.abort();
  }
}

async function attach(cli: Cli, id: string, request: ContainerCreateRequest, flags: Flags): Promise<Session> {
  const streams = {
    stdin: request.AttachStdin ?? false,
    stdout: request.AttachStdout ?? false,
    stderr: request.AttachStderr ?? false,
  };
  const detachKeys = flags.string('detach-keys') || cli.config().detachKeys || '';
  const connection = await containerAttach(cli.client(), id, { stream: true, ...streams, detachKeys });
  return startSession(cli, connection, {
    tty: request.Tty ?? false,
    ...streams,
    detachKeys,
    signalsProxied: flags.bool('sig-proxy'),
  });
}

/** @param removed the end of the container that --rm asked for; it comes after a failed start as well */
async function start(
  cli: Cli,
  id: string,
  session: Session | undefined,
  removed: Promise<number> | undefined,
): Promise<void> {
  try {
    await containerStart(cli.client(), id);
  } catch (err) {
    session?.abort();
    await session?.end;
    await removed;
    throw framed('run', err, exitCodeOfStartError(err));
  }
}

function follow(cli: Cli, id: string): () => void {
  return followSize(cli, (size) => containerResize(cli.client(), id, size));
}
