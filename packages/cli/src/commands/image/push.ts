import { familiarName, parseReference, referenceString, withDefaultTag } from '@tsdocker/shared/reference.ts';
import type { Cli } from '../../cli.ts';
import { imagePush } from '../../client/image.ts';
import type { CommandSpec, Flags } from '../../command.ts';
import { credentialsFor, encodeAuth, serverOfDomain } from '../../config/credentials.ts';
import { StatusError } from '../../status-error.ts';
import { showProgress } from '../../streams/progress.ts';
import { silent } from './pull-image.ts';

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
  const { tag, digest } = withDefaultTag(reference);
  if (digest) throw new StatusError(1, 'cannot push a digest reference');
  const auth = await credentialsFor(cli.config(), serverOfDomain(reference.domain), cli.env);
  const messages = await imagePush(cli.client(), {
    name: familiarName(reference),
    ...(!all && tag && { tag }),
    ...(flags.string('platform') && { platform: flags.string('platform') }),
    registryAuth: encodeAuth(auth),
  });
  await showProgress(quiet ? silent(cli.stdout) : cli.stdout, messages);
  if (quiet) cli.stdout.write(`${referenceString(all ? reference : withDefaultTag(reference))}\n`);
}
