import { familiarName, parseReference, type Reference, referenceString } from '@tsdocker/shared/reference.ts';
import type { Cli, OutputStream } from '../../cli.ts';
import { imagePull } from '../../client/image.ts';
import type { CommandSpec, Flags } from '../../command.ts';
import { credentialsFor, encodeAuth, serverOfDomain } from '../../config/credentials.ts';
import { StatusError } from '../../status-error.ts';
import { showProgress } from '../../streams/progress.ts';

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
  let reference = parseReference(args[0]!);
  const all = flags.bool('all-tags');
  const quiet = flags.bool('quiet');
  if (all && (reference.tag !== undefined || reference.digest !== undefined)) {
    throw new StatusError(1, "tag can't be used with --all-tags/-a");
  }
  if (!all && reference.tag === undefined && reference.digest === undefined) {
    reference = { ...reference, tag: 'latest' };
    if (!quiet) cli.stdout.write(`Using default tag: latest\n`);
  }
  await pullImage(cli, reference, { all, quiet, platform: flags.string('platform'), out: cli.stdout });
  cli.stdout.write(`${all ? familiarName(reference) : referenceString(reference)}\n`);
}

export interface PullImageOptions {
  all?: boolean;
  quiet?: boolean;
  platform?: string;
  /** Where progress goes: stdout for pull, stderr for run. */
  out: OutputStream;
}

/** Pulls with the credentials of the reference's registry. Run and create use it too. @throws StatusError, DockerError */
export async function pullImage(cli: Cli, reference: Reference, options: PullImageOptions): Promise<void> {
  const auth = await credentialsFor(cli.config(), serverOfDomain(reference.domain), cli.env);
  const messages = await imagePull(cli.client(), {
    fromImage: familiarName(reference),
    ...(options.all ? {} : { tag: reference.digest ?? reference.tag ?? 'latest' }),
    ...(options.platform ? { platform: options.platform } : {}),
    registryAuth: encodeAuth(auth),
  });
  await showProgress(options.quiet ? silent(options.out) : options.out, messages);
}

/** Errors still come through; nothing else does. */
function silent(out: OutputStream): OutputStream {
  return {
    ...out,
    stream: out.stream,
    isTerminal: false,
    size: () => undefined,
    onResize: () => () => {},
    write: () => {},
  };
}
