import { isNotFound } from '@tsdocker/shared/errors.ts';
import type { Cli } from '../../cli.ts';
import { containerRemove } from '../../client/container.ts';
import { errorText } from '../../client/errors.ts';
import type { CommandSpec, Flags } from '../../command.ts';
import { StatusError } from '../../status-error.ts';
import { forEachTarget } from '../targets.ts';

export const command: CommandSpec = {
  name: 'rm',
  aliases: ['remove'],
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  summary: 'Remove containers',
  flags: [
    { name: 'force', short: 'f', kind: 'bool', description: 'Kill what runs (SIGKILL); missing ones are no failure' },
    { name: 'link', short: 'l', kind: 'bool', description: 'Remove the named link, not the container' },
    { name: 'volumes', short: 'v', kind: 'bool', description: 'Remove its anonymous volumes too' },
  ],
  args: { min: 1, max: Number.POSITIVE_INFINITY },
  run: remove,
};

async function remove(cli: Cli, args: string[], flags: Flags): Promise<void> {
  const options = { force: flags.bool('force'), link: flags.bool('link'), volumes: flags.bool('volumes') };
  const missing: string[] = [];
  await forEachTarget(cli, args, async (given) => {
    const container = given.replace(/^\/+|\/+$/g, '');
    if (container === '') throw new StatusError(1, 'container name cannot be empty');
    try {
      await containerRemove(cli.client(), container, options);
    } catch (err) {
      if (!options.force || !isNotFound(err)) throw err;
      missing.push(errorText(err));
      return 'unnamed';
    }
  }).finally(() => {
    if (missing.length > 0) cli.stderr.write(`${missing.join('\n')}\n`);
  });
}
