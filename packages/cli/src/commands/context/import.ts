import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import type { Cli } from '../../cli.ts';
import type { CommandSpec } from '../../command.ts';
import { MAX_ARCHIVE_BYTES, unpackContext } from '../../config/context-archive.ts';
import { saveContext } from '../../config/context-store.ts';
import { goFileError } from '../../flags/file-error.ts';
import { StatusError } from '../../status-error.ts';
import { checkNewContextName } from './create.ts';

const STDIN = '-';

export const command: CommandSpec = {
  name: 'import',
  usage: 'CONTEXT FILE|-',
  summary: 'Make a context of a tar or zip archive',
  flags: [],
  args: { min: 2, max: 2 },
  async run(cli, [name = '', file = '']) {
    checkNewContextName(cli, name);
    const context = await unpackContext(name, await archiveBytes(cli, file));
    saveContext(cli.config().directory, context);
    cli.stdout.write(`${name}\n`);
    cli.stderr.write(`Successfully imported context "${name}"\n`);
  },
};

async function archiveBytes(cli: Cli, file: string): Promise<Buffer> {
  if (file === STDIN) return bounded(cli.stdin.stream);
  try {
    return await bounded(createReadStream(resolve(cli.cwd, file)));
  } catch (err) {
    throw err instanceof StatusError ? err : new StatusError(1, goFileError('open', file, err));
  }
}

/** @throws StatusError for more than a context has */
async function bounded(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_ARCHIVE_BYTES) throw new StatusError(1, 'read exceeds the defined limit');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
