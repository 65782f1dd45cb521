import { parseReference, referenceString, withDefaultTag } from '@tsdocker/shared/reference.ts';
import type { Cli } from '../../cli.ts';
import type { CommandSpec, Flags } from '../../command.ts';
import { StatusError } from '../../status-error.ts';
import { silent } from './pull-image.ts';
import { pushImage } from './push-image.ts';

export const command: CommandSpec = {
  name: 'push',
  usage: '[OPTIONS] NAME[:TAG]',
  summary: 'Send an image to a registry',
  flags: [
    { name: 'all-tags', short: 'a', kind: 'bool', description: 'Send all tags of the repository' },
    { name: 'disable-content-trust', kind: 'bool', default: true, hidden: true, description: 'Without effect' },
    { name: 'platform', kind: 'string', description: 'Which variant (`linux/arm64`)', since: '1.46' },
    { name: 'quiet', short: 'q', kind: 'bool', description: 'Print the name only' },
  ],
  args: { min: 1, max: 1 },
  run: push,
};

async function push(cli: Cli, args: string[], flags: Flags): Promise<void> {
  const reference = parseReference(args[0] as string);
  const [all, quiet] = [flags.bool('all-tags'), flags.bool('quiet')];
  if (all && reference.tag !== undefined) throw new StatusError(1, "tag can't be used with --all-tags/-a");
  if (!all && reference.tag === undefined && reference.digest === undefined && !quiet)
    cli.stdout.write('Using default tag: latest\n');
  if (reference.digest) throw new StatusError(1, 'cannot push a digest reference');
  const target = all ? reference : withDefaultTag(reference);
  await pushImage(cli, target, { platform: flags.string('platform'), out: quiet ? silent(cli.stdout) : cli.stdout });
  if (quiet) cli.stdout.write(`${referenceString(target)}\n`);
}
