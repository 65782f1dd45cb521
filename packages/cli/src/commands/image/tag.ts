import { parseReference } from '@tsdocker/shared/reference.ts';
import { imageTag } from '../../client/image.ts';
import type { CommandSpec } from '../../command.ts';
import { StatusError } from '../../status-error.ts';

export const command: CommandSpec = {
  name: 'tag',
  usage: 'SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]',
  summary: 'Give an image another name',
  flags: [],
  args: { min: 2, max: 2 },
  async run(cli, args) {
    const [source = '', target = ''] = args;
    const reference = readTarget(target);
    if (reference.digest !== undefined) throw new StatusError(1, 'refusing to create a tag with a digest reference');
    const repository = reference.tag === undefined ? target : target.slice(0, -reference.tag.length - 1);
    await imageTag(cli.client(), source, repository, reference.tag ?? 'latest');
  },
};

function readTarget(target: string): ReturnType<typeof parseReference> {
  try {
    return parseReference(target);
  } catch (err) {
    throw new StatusError(
      1,
      `Error parsing reference: ${JSON.stringify(target)} is not a valid repository/tag: ${(err as Error).message}`,
    );
  }
}
