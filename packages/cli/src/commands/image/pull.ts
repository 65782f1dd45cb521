import { nameOf, parseReference, referenceString, withDefaultTag } from '@tsdocker/shared/reference.ts';
import type { Cli } from '../../cli.ts';
import type { CommandSpec, Flags } from '../../command.ts';
import { StatusError } from '../../status-error.ts';
import { pullImage } from './pull-image.ts';

export const command: CommandSpec = {
  name: 'pull',
  usage: '[OPTIONS] NAME[:TAG|@DIGEST]',
  summary: 'Get an image from a registry',
  flags: [
    { name: 'all-tags', short: 'a', kind: 'bool', description: 'Get all tags of the repository' },
    { name: 'disable-content-trust', kind: 'bool', default: true, hidden: true, description: 'Without effect' },
    { name: 'platform', kind: 'string', description: 'Which variant (`linux/arm64`)', since: '1.32' },
    { name: 'quiet', short: 'q', kind: 'bool', description: 'Print the name only' },
  ],
  args: { min: 1, max: 1 },
  run: pull,
};

async function pull(cli: Cli, args: string[], flags: Flags): Promise<void> {
  const reference = parseReference(args[0]!);
  const all = flags.bool('all-tags');
  const quiet = flags.bool('quiet');
  const isBare = reference.tag === undefined && reference.digest === undefined;
  if (all && !isBare) throw new StatusError(1, "tag can't be used with --all-tags/-a");
  if (!all && isBare && !quiet) cli.stdout.write('Using default tag: latest\n');
  await pullImage(cli, reference, { all, quiet, platform: flags.string('platform'), out: cli.stdout });
  cli.stdout.write(`${all ? nameOf(reference) : referenceString(withDefaultTag(reference))}\n`);
}
