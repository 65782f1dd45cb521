import { familiarName, parseReference } from '@tsdocker/shared/reference.ts';
import { containerCommit } from '../../client/container.ts';
import type { CommandSpec } from '../../command.ts';

export const command: CommandSpec = {
  name: 'commit',
  usage: '[OPTIONS] CONTAINER [REPOSITORY[:TAG]]',
  summary: 'Make an image of what a container changed',
  flags: [
    {
      name: 'author',
      short: 'a',
      kind: 'string',
      description: 'Author (e.g., "John Hannibal Smith <hannibal@a-team.com>")',
    },
    {
      name: 'change',
      short: 'c',
      kind: 'list',
      valueName: 'list',
      description: 'Apply a Dockerfile instruction to the image',
    },
    { name: 'message', short: 'm', kind: 'string', description: 'Commit message' },
    { name: 'no-pause', kind: 'bool', description: 'Let the container run on meanwhile' },
    {
      name: 'pause',
      short: 'p',
      kind: 'bool',
      default: true,
      hidden: true,
      deprecated: 'and enabled by default. Use --no-pause to disable pausing during commit.',
      description: 'Pause the container meanwhile',
    },
  ],
  args: { min: 1, max: 2 },
  async run(cli, [container = '', reference = ''], flags) {
    const id = await containerCommit(cli.client(), container, {
      ...(reference !== '' && repositoryAndTag(reference)),
      author: flags.string('author'),
      comment: flags.string('message'),
      changes: flags.list('change'),
      pause: !flags.bool('no-pause') && flags.bool('pause'),
    });
    cli.stdout.write(`${id}\n`);
  },
};

/** @throws Error for what is no reference */
function repositoryAndTag(text: string): { repo: string; tag?: string } {
  const ref = parseReference(text);
  return { repo: familiarName(ref), ...(ref.tag && { tag: ref.tag }) };
}
