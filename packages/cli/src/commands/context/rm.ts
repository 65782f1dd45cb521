import type { CommandSpec } from '../../command.ts';
import { editConfig } from '../../config/config-edit.ts';
import { hasContext, removeContext } from '../../config/context-store.ts';
import { DEFAULT_CONTEXT } from '../../config/contexts.ts';
import { StatusError } from '../../status-error.ts';
import { eachInTurn } from '../targets.ts';

export const command: CommandSpec = {
  name: 'rm',
  aliases: ['remove'],
  usage: 'CONTEXT [CONTEXT...]',
  summary: 'Remove contexts',
  flags: [{ name: 'force', short: 'f', kind: 'bool', description: 'Also the one that is in use' }],
  args: { min: 1, max: Number.POSITIVE_INFINITY },
  async run(cli, names, flags) {
    const current = cli.contextName();
    const { directory, currentContext } = cli.config();
    await eachInTurn(names, async (name) => {
      checkRemovable(name, directory, { current, force: flags.bool('force') });
      if (name === currentContext) {
        await editConfig(directory, ({ currentContext: _gone, ...content }) => content);
      }
      removeContext(directory, name);
      cli.stdout.write(`${name}\n`);
    });
  },
};

function checkRemovable(
  name: string,
  directory: string,
  { current, force }: { current: string; force: boolean },
): void {
  if (name === DEFAULT_CONTEXT) throw new StatusError(1, 'context "default" cannot be removed');
  if (force) return;
  if (!hasContext(directory, name)) throw new StatusError(1, `context "${name}" does not exist`);
  if (name === current) throw new StatusError(1, `context "${name}" is in use, set -f flag to force remove`);
}
