import { isNotFound } from '@tsdocker/shared/errors.ts';
import type { Cli } from '../../cli.ts';
import { errorText } from '../../client/errors.ts';
import { imageRemove } from '../../client/image.ts';
import type { CommandSpec, Flags } from '../../command.ts';
import { StatusError } from '../../status-error.ts';
import { PLATFORM_LIST_FLAG, platformsOption } from './platform-flag.ts';

export const command: CommandSpec = {
  name: 'rm',
  aliases: ['remove'],
  usage: '[OPTIONS] IMAGE [IMAGE...]',
  summary: 'Remove images',
  flags: [
    { name: 'force', short: 'f', kind: 'bool', description: 'Remove even what is in use; missing ones are no failure' },
    { name: 'no-prune', kind: 'bool', description: 'Keep untagged parents' },
    { ...PLATFORM_LIST_FLAG, since: '1.50' },
  ],
  args: { min: 1, max: Number.POSITIVE_INFINITY },
  run: remove,
};

/** One after the other: removing one name may free what the next one stands for. */
async function remove(cli: Cli, args: string[], flags: Flags): Promise<void> {
  const force = flags.bool('force');
  const options = { force, noprune: flags.bool('no-prune'), ...platformsOption(flags) };
  const errors: unknown[] = [];
  for (const image of args) {
    try {
      for (const { Deleted, Untagged } of await imageRemove(cli.client(), image, options)) {
        cli.stdout.write(Deleted ? `Deleted: ${Deleted}\n` : `Untagged: ${Untagged}\n`);
      }
    } catch (err) {
      errors.push(err);
    }
  }
  if (errors.length === 0) return;
  const text = errors.map(errorText).join('\n');
  if (!force || !errors.every(isNotFound)) throw new StatusError(1, text);
  cli.stderr.write(`${text}\n`);
}
