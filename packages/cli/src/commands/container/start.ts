import type { ContainerInspect } from '@tsdocker/shared/types/container.ts';
import type { Cli } from '../../cli.ts';
import { containerAttach, containerInspect, containerResize, containerStart } from '../../client/container.ts';
import { errorText } from '../../client/errors.ts';
import type { CommandSpec, Flags } from '../../command.ts';
import { waitForExit } from '../../streams/exit-status.ts';
import { startSession } from '../../streams/session.ts';
import { proxySignals } from '../../streams/signal-proxy.ts';
import { followSize } from '../../streams/tty-size.ts';
import { requireExperimental } from '../experimental.ts';

export const command: CommandSpec = {
  name: 'start',
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  summary: 'Start one or more stopped containers',
  flags: [
    { name: 'attach', short: 'a', kind: 'bool', description: 'Attach STDOUT/STDERR and forward signals' },
    { name: 'interactive', short: 'i', kind: 'bool', description: "Attach container's STDIN" },
    { name: 'detach-keys', kind: 'string', description: 'Override the key sequence for detaching a container' },
    { name: 'checkpoint', kind: 'string', description: 'Restore from this checkpoint' },
    { name: 'checkpoint-dir', kind: 'string', description: 'Use a custom checkpoint storage directory' },
  ],
  args: { min: 1, max: Number.POSITIVE_INFINITY },
  async run(cli, args, flags) {
    for (const name of ['checkpoint', 'checkpoint-dir'])
      if (flags.changed(name)) await requireExperimental(cli, `"--${name}"`);
    const attaching = flags.bool('attach') || flags.bool('interactive');
    if (!attaching) return startAll(cli, args, flags);
    if (args.length > 1) throw new Error('you cannot start and attach multiple containers at once');
    await startAttached(cli, args[0]!, flags);
  },
};

/** One that fails does not keep the others from being started. */
async function startAll(cli: Cli, containers: readonly string[], flags: Flags): Promise<void> {
  const checkpoint = { checkpoint: flags.string('checkpoint'), checkpointDir: flags.string('checkpoint-dir') };
  if (checkpoint.checkpoint !== '' && containers.length > 1) {
    throw new Error('you cannot restore multiple containers at once');
  }
  const failed: string[] = [];
  for (const container of containers) {
    try {
      await containerStart(cli.client(), container, checkpoint);
      cli.stdout.write(`${container}\n`);
    } catch (err) {
      cli.stderr.write(`${errorText(err)}\n`);
      failed.push(container);
    }
  }
  if (failed.length > 0) throw new Error(`Error: failed to start containers: ${failed.join(', ')}`);
}

async function startAttached(cli: Cli, container: string, flags: Flags): Promise<void> {
  const inspected = await containerInspect(cli.client(), container);
  const id = inspected.Id ?? container;
  const tty = inspected.Config?.Tty ?? false;
  const stopProxy = tty ? (): void => {} : proxySignals(cli, id);
  const waiting = new AbortController();
  try {
    await attachAndStart(cli, id, inspected, flags, waiting.signal);
  } finally {
    waiting.abort();
    stopProxy();
  }
}

async function attachAndStart(
  cli: Cli,
  id: string,
  { Config, HostConfig }: ContainerInspect,
  flags: Flags,
  signal: AbortSignal,
): Promise<void> {
  const tty = Config?.Tty ?? false;
  const streams = { stdin: flags.bool('interactive') && (Config?.OpenStdin ?? false), stdout: true, stderr: true };
  const detachKeys = flags.string('detach-keys') || cli.config().detachKeys || '';
  const connection = await containerAttach(cli.client(), id, { stream: true, ...streams, detachKeys });
  const session = startSession(cli, connection, { tty, ...streams, detachKeys, signalsProxied: !tty });
  const { status } = await waitForExit(cli, id, HostConfig?.AutoRemove ?? false, signal);
  try {
    await containerStart(cli.client(), id);
  } catch (err) {
    session.abort();
    await session.end;
    if (HostConfig?.AutoRemove) await status;
    throw err;
  }
  const stopResize =
    tty && cli.stdout.isTerminal ? followSize(cli, (size) => containerResize(cli.client(), id, size)) : (): void => {};
  const end = await session.end.finally(stopResize);
  if (end !== 'detached') cli.exitCode = await status;
}
