/** The process: command, user, streams, environment, labels. */
import type { ContainerConfig } from '@tsdocker/shared/types/container.ts';
import type { FlagSpec, Flags } from '../command.ts';
import { parseAttachStream } from '../flags/attach-stream.ts';
import { checkEnv, lastOfEachName, resolveEnv } from '../flags/env.ts';
import { readKeyValueFile } from '../flags/key-value-file.ts';
import { checkLabel, toMap } from '../flags/label.ts';
import { listOf, type Surroundings, withoutEmpty } from './areas.ts';

export const processFlags: FlagSpec[] = [
  {
    name: 'attach',
    short: 'a',
    kind: 'list',
    description: 'Attach to STDIN, STDOUT or STDERR',
    parse: parseAttachStream,
  },
  { name: 'interactive', short: 'i', kind: 'bool', description: 'Keep STDIN open even if not attached' },
  { name: 'tty', short: 't', kind: 'bool', description: 'Allocate a pseudo-TTY' },
  { name: 'entrypoint', kind: 'string', description: 'Overwrite the default ENTRYPOINT of the image' },
  { name: 'user', short: 'u', kind: 'string', description: 'Username or UID (format: <name|uid>[:<group|gid>])' },
  { name: 'workdir', short: 'w', kind: 'string', description: 'Working directory inside the container' },
  { name: 'hostname', short: 'h', kind: 'string', description: 'Container host name' },
  { name: 'domainname', kind: 'string', description: 'Container NIS domain name' },
  { name: 'env', short: 'e', kind: 'list', description: 'Set environment variables', parse: checkEnv },
  { name: 'env-file', kind: 'list', description: 'Read in a file of environment variables' },
  { name: 'label', short: 'l', kind: 'list', description: 'Set meta data on a container', parse: checkLabel },
  { name: 'label-file', kind: 'list', description: 'Read in a line delimited file of labels' },
  { name: 'stop-signal', kind: 'string', description: 'Signal to stop the container' },
  { name: 'stop-timeout', kind: 'int', since: '1.25', description: 'Timeout (in seconds) to stop a container' },
];

/**
 * @param args image, then command and arguments
 * @param proxies variables that the configuration file adds where the command line does not set them
 * @param detached `run -d`: no stream is attached by itself
 */
export function toProcess(
  flags: Flags,
  args: readonly string[],
  around: Surroundings,
  proxies: Readonly<Record<string, string>>,
  detached: boolean,
): ContainerConfig {
  const [image = '', ...command] = args;
  const entrypoint = flags.string('entrypoint');
  return {
    ...toStreams(flags, detached),
    ...withoutEmpty({
      Image: image,
      Cmd: command,
      Entrypoint: entrypoint !== '' || flags.changed('entrypoint') ? [entrypoint] : [],
      User: flags.string('user'),
      WorkingDir: flags.string('workdir'),
      Hostname: flags.string('hostname'),
      Domainname: flags.string('domainname'),
      Env: toEnv(flags, around, proxies),
      Labels: toLabels(flags, around),
      StopSignal: flags.string('stop-signal'),
    }),
    ...(flags.changed('stop-timeout') ? { StopTimeout: flags.number('stop-timeout') } : {}),
  };
}

/** Neither -a nor -d: output is attached. -i attaches input, and then the daemon closes it when we go. */
function toStreams(flags: Flags, detached: boolean): ContainerConfig {
  const attach = flags.list('attach').map(parseAttachStream);
  const all = attach.length === 0 && !detached;
  const stdin = flags.bool('interactive') || attach.includes('stdin');
  return {
    AttachStdin: stdin,
    AttachStdout: all || attach.includes('stdout'),
    AttachStderr: all || attach.includes('stderr'),
    Tty: flags.bool('tty'),
    OpenStdin: flags.bool('interactive'),
    StdinOnce: flags.bool('interactive') && stdin,
  };
}

/** Files first, so that -e has the last word with the daemon. */
function toEnv(flags: Flags, around: Surroundings, proxies: Readonly<Record<string, string>>): string[] {
  const given = lastOfEachName(listOf(flags, 'env').map((text) => resolveEnv(text, around.env)));
  const names = new Set(given.map((entry) => entry.split('=', 1)[0]));
  const added = Object.entries(proxies).filter(([name]) => !names.has(name));
  return [
    ...flags.list('env-file').flatMap((file) => readKeyValueFile(file, around.cwd, (name) => around.env[name])),
    ...given,
    ...added.map(([name, value]) => `${name}=${value}`),
  ];
}

function toLabels(flags: Flags, around: Surroundings): Record<string, string> {
  const fromFiles = flags.list('label-file').flatMap((file) => readKeyValueFile(file, around.cwd, () => undefined));
  return toMap([...fromFiles, ...flags.list('label')]);
}
