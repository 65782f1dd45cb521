import type { CommandSpec } from '../../command.ts';
import { editConfig } from '../../config/config-edit.ts';
import { checkContextName } from '../../config/context-store.ts';
import { DEFAULT_CONTEXT, readContextMetadata } from '../../config/contexts.ts';

export const command: CommandSpec = {
  name: 'use',
  usage: 'CONTEXT',
  summary: 'Make a context the current one',
  flags: [],
  args: { min: 1, max: 1 },
  async run(cli, [name = ''], _flags) {
    const { directory } = cli.config();
    if (name !== DEFAULT_CONTEXT) {
      checkContextName(name);
      readContextMetadata(directory, name);
    }
    await editConfig(directory, ({ currentContext: _before, ...content }) =>
      name === DEFAULT_CONTEXT ? content : { ...content, currentContext: name },
    );
    cli.stdout.write(`${name}\n`);
    cli.stderr.write(`Current context is now "${name}"\n`);
    if (name !== DEFAULT_CONTEXT && cli.env['DOCKER_HOST']) {
      cli.stderr.write(
        `Warning: DOCKER_HOST environment variable overrides the active context. To use "${name}", either set the global --context flag, or unset DOCKER_HOST environment variable.\n`,
      );
    }
  },
};
