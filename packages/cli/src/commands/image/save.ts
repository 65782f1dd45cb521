import { createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Cli } from '../../cli.ts';
import { imageSave } from '../../client/image.ts';
import type { CommandSpec, Flags } from '../../command.ts';
import { StatusError } from '../../status-error.ts';
import { pumpInto } from '../../streams/pump.ts';
import { PLATFORM_LIST_FLAG, platformsOption } from './platform-flag.ts';

export const command: CommandSpec = {
  name: 'save',
  usage: '[OPTIONS] IMAGE [IMAGE...]',
  summary: 'Write images to an archive',
  description: 'Write images to an archive: a file, or stdout',
  flags: [
    { name: 'output', short: 'o', kind: 'string', description: 'Write this file instead of stdout' },
    { ...PLATFORM_LIST_FLAG, since: '1.48' },
  ],
  args: { min: 1, max: Number.POSITIVE_INFINITY },
  run: save,
};

async function save(cli: Cli, args: string[], flags: Flags): Promise<void> {
  const output = flags.string('output');
  if (output === '' && cli.stdout.isTerminal) {
    throw new StatusError(
      1,
      'failed to save image: cowardly refusing to save to a terminal. Use the -o flag or redirect',
    );
  }
  const file = output === '' ? undefined : await checkOutput(cli, output);
  const stream = await imageSave(cli.client(), args, platformsOption(flags));
  if (file === undefined) return pumpInto(stream, (chunk) => cli.stdout.stream.write(chunk), [cli.stdout.stream]);
  // Beside the target, so that a broken download leaves what was there.
  const partial = `${file}.partial-${crypto.randomUUID()}`;
  try {
    await pipeline(stream, createWriteStream(partial, { mode: 0o600 }));
    await rename(partial, file);
  } catch (err) {
    await rm(partial, { force: true });
    throw err;
  }
}

async function checkOutput(cli: Cli, output: string): Promise<string> {
  const file = resolve(cli.cwd, output);
  const folder = await stat(dirname(file)).catch(() => undefined);
  if (!folder?.isDirectory()) {
    throw new StatusError(
      1,
      `failed to save image: invalid output path: stat ${dirname(output)}: no such file or directory`,
    );
  }
  const existing = await stat(file).catch(() => undefined);
  if (existing?.isDirectory()) {
    throw new StatusError(1, `failed to save image: invalid output path: "${output}" must not be a directory`);
  }
  if (existing && !existing.isFile()) {
    throw new StatusError(1, `failed to save image: got a device`);
  }
  return file;
}
