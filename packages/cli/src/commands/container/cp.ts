import type { Cli } from '../../cli.ts';
import type { CommandSpec, Flags } from '../../command.ts';
import { StatusError } from '../../status-error.ts';

export const command: CommandSpec = {
  name: 'cp',
  usage: '[OPTIONS] CONTAINER:SRC_PATH DEST_PATH|-\n\tdocker cp [OPTIONS] SRC_PATH|- CONTAINER:DEST_PATH',
  summary: 'Copy files between a container and this machine',
  description: `Copy files between a container and this machine

Use '-' as the source to read a tar archive from stdin
and extract it to a directory destination in a container.
Use '-' as the destination to stream a tar archive of a
container source to stdout.`,
  flags: [
    { name: 'archive', short: 'a', kind: 'bool', description: 'Archive mode (copy all uid/gid information)' },
    { name: 'follow-link', short: 'L', kind: 'bool', description: 'Follow a symbolic link in SRC_PATH' },
    { name: 'quiet', short: 'q', kind: 'bool', description: 'Say nothing of what was copied' },
  ],
  args: { min: 2, max: 2 },
  run: cp,
};

async function cp(cli: Cli, [source = '', destination = '']: string[], flags: Flags): Promise<void> {
  if (source === '') throw new StatusError(1, 'source can not be empty');
  if (destination === '') throw new StatusError(1, 'destination can not be empty');
  const from = splitArgument(source);
  const to = splitArgument(destination);
  const options = {
    followLink: flags.bool('follow-link'),
    copyUidGid: flags.bool('archive'),
    // Without a terminal there is nobody to tell, unless somebody asked.
    quiet: flags.changed('quiet') ? flags.bool('quiet') : !cli.stdout.isTerminal,
  };
  if (from.container !== '' && to.container !== '')
    throw new StatusError(1, 'copying between containers is not supported');
  if (from.container !== '') {
    const { copyFromContainer } = await import('../../files/copy-from-container.ts');
    return await copyFromContainer(cli, from, to.path, options);
  }
  if (to.container === '') throw new StatusError(1, 'must specify at least one container source');
  const { copyToContainer } = await import('../../files/copy-to-container.ts');
  await copyToContainer(cli, from.path, to, options);
}

/**
 * `CONTAINER:PATH` or a local path. An absolute path, and one that begins with a dot, is local whatever it holds; so is `-`.
 */
function splitArgument(argument: string): { container: string; path: string } {
  if (argument.startsWith('/')) return { container: '', path: argument };
  const colon = argument.indexOf(':');
  if (colon < 0 || argument.startsWith('.')) return { container: '', path: argument };
  return { container: argument.slice(0, colon), path: argument.slice(colon + 1) };
}
