import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { CommandSpec } from '../../command.ts';
import { packContext } from '../../config/context-archive.ts';
import { checkContextName } from '../../config/context-store.ts';
import { DEFAULT_CONTEXT } from '../../config/contexts.ts';
import { goFileError } from '../../flags/file-error.ts';
import { StatusError } from '../../status-error.ts';
import { contextOf } from './default-context.ts';

const STDOUT = '-';
/** The archive holds keys. */
const FILE_MODE = 0o600;

export const command: CommandSpec = {
  name: 'export',
  usage: '[OPTIONS] CONTEXT [FILE|-]',
  summary: 'Write a context to a tar archive',
  description: 'Write a context to a tar archive: CONTEXT.dockercontext, FILE, or stdout for -',
  flags: [],
  args: { min: 1, max: 2 },
  async run(cli, [name = '', file = `${name}.dockercontext`]) {
    if (name !== DEFAULT_CONTEXT) checkContextName(name);
    const archive = packContext(contextOf(cli, name));
    if (file === STDOUT) {
      if (cli.stdout.isTerminal) {
        throw new StatusError(1, 'cowardly refusing to export to a terminal, specify a file path');
      }
      cli.stdout.write(archive);
      return;
    }
    try {
      writeFileSync(resolve(cli.cwd, file), archive, { mode: FILE_MODE, flag: 'wx' });
    } catch (err) {
      throw new StatusError(1, goFileError('open', file, err));
    }
    cli.stderr.write(`Written file "${file}"\n`);
  },
};
