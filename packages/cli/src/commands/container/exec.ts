import type { ExecConfig } from '@tsdocker/shared/types/exec.ts';
import type { Cli } from '../../cli.ts';
import {
  containerInspect,
  execAttach,
  execCreate,
  execInspect,
  execResize,
  execStart,
} from '../../client/container.ts';
import type { CommandSpec, Flags } from '../../command.ts';
import { checkEnv, resolveEnv } from '../../flags/env.ts';
import { readKeyValueFile } from '../../flags/key-value-file.ts';
import { checkTty } from '../../streams/check-tty.ts';
import { startSession } from '../../streams/session.ts';
import { followSize } from '../../streams/tty-size.ts';

export const command: CommandSpec = {
  name: 'exec',
  usage: '[OPTIONS] CONTAINER COMMAND [ARG...]',
  summary: 'Execute a command in a running container',
  flags: [
    { name: 'detach', short: 'd', kind: 'bool', description: 'Detached mode: run command in the background' },
    { name: 'detach-keys', kind: 'string', description: 'Override the key sequence for detaching a container' },
    {
      name: 'env',
      short: 'e',
      kind: 'list',
      since: '1.25',
      description: 'Set environment variables',
      parse: checkEnv,
    },
    { name: 'env-file', kind: 'list', since: '1.25', description: 'Read in a file of environment variables' },
    { name: 'interactive', short: 'i', kind: 'bool', description: 'Keep STDIN open even if not attached' },
    { name: 'privileged', kind: 'bool', description: 'Give extended privileges to the command' },
    { name: 'tty', short: 't', kind: 'bool', description: 'Allocate a pseudo-TTY' },
    { name: 'user', short: 'u', kind: 'string', description: 'Username or UID (format: "<name|uid>[:<group|gid>]")' },
    {
      name: 'workdir',
      short: 'w',
      kind: 'string',
      since: '1.35',
      description: 'Working directory inside the container',
    },
  ],
  args: { min: 2, max: Number.POSITIVE_INFINITY },
  stopAtArgument: true,
  async run(cli, [container = '', ...words], flags) {
    const config = toExecConfig(cli, words, flags);
    // An exec that is made and not started stays with the daemon: what can fail is asked first.
    await containerInspect(cli.client(), container);
    if (!flags.bool('detach')) checkTty(cli, config.AttachStdin ?? false, config.Tty ?? false);
    const { Id } = await execCreate(cli.client(), container, config);
    const size = { Tty: config.Tty ?? false, ConsoleSize: config.ConsoleSize ?? null };
    if (flags.bool('detach')) return execStart(cli.client(), Id, { Detach: true, ...size });
    await attach(cli, Id, config);
  },
};

function toExecConfig(cli: Cli, words: string[], flags: Flags): ExecConfig {
  const attached = !flags.bool('detach');
  const files = flags.list('env-file').flatMap((file) => readKeyValueFile(file, cli.cwd, (name) => cli.env[name]));
  const size = cli.stdout.size();
  return {
    Cmd: words,
    User: flags.string('user'),
    Privileged: flags.bool('privileged'),
    Tty: flags.bool('tty'),
    WorkingDir: flags.string('workdir'),
    Env: [...files, ...flags.list('env').map((text) => resolveEnv(text, cli.env))],
    AttachStdin: attached && flags.bool('interactive'),
    AttachStdout: attached,
    AttachStderr: attached,
    DetachKeys: flags.string('detach-keys') || cli.config().detachKeys || '',
    ...(flags.bool('tty') && size ? { ConsoleSize: [size.height, size.width] } : {}),
  };
}

async function attach(cli: Cli, exec: string, config: ExecConfig): Promise<void> {
  const tty = config.Tty ?? false;
  const connection = await execAttach(cli.client(), exec, { Tty: tty, ConsoleSize: config.ConsoleSize ?? null });
  // First of all, so that what the command prints at once is printed for the right width.
  const stopResize =
    tty && cli.stdin.isTerminal ? followSize(cli, (size) => execResize(cli.client(), exec, size)) : (): void => {};
  const session = startSession(cli, connection, {
    tty,
    stdin: config.AttachStdin ?? false,
    stdout: true,
    stderr: true,
    detachKeys: config.DetachKeys ?? '',
    signalsProxied: false,
  });
  const end = await session.end.finally(stopResize);
  if (end === 'detached') throw new Error('read escape sequence');
  const { ExitCode } = await execInspect(cli.client(), exec);
  cli.exitCode = ExitCode ?? 0;
}
