/** Where an archive goes: a file (`--output`) or stdout, which must not be a terminal. Used by save and export. */
import { createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Cli } from '../cli.ts';
import { StatusError } from '../status-error.ts';
import { pumpInto } from './pump.ts';

/**
 * Checked before anything is asked of the daemon.
 * @param output path; empty is stdout @param failure what messages begin with
 * @returns writes the archive there
 */
export async function downloadTarget(
  cli: Cli,
  output: string,
  failure: string,
): Promise<(archive: Readable) => Promise<void>> {
  if (output === '') {
    if (cli.stdout.isTerminal)
      throw new StatusError(1, `${failure}: cowardly refusing to save to a terminal. Use the -o flag or redirect`);
    return (archive) => pumpInto(archive, (chunk) => cli.stdout.stream.write(chunk), [cli.stdout.stream]);
  }
  const file = await checkedOutput(cli, output, failure);
  return async (archive) => {
    // Beside the target, so that a broken download leaves what was there.
    const partial = `${file}.partial-${crypto.randomUUID()}`;
    try {
      await pipeline(archive, createWriteStream(partial, { mode: 0o600 }));
      await rename(partial, file);
    } catch (err) {
      await rm(partial, { force: true });
      throw err;
    }
  };
}

/** @throws StatusError in docker's words */
async function checkedOutput(cli: Cli, output: string, failure: string): Promise<string> {
  const file = resolve(cli.cwd, output);
  const refuse = (why: string) => new StatusError(1, `${failure}: ${why}`);
  const folder = await stat(dirname(file)).catch(() => undefined);
  if (!folder?.isDirectory()) throw refuse(`invalid output path: stat ${dirname(output)}: no such file or directory`);
  const existing = await stat(file).catch(() => undefined);
  if (existing?.isDirectory()) throw refuse(`invalid output path: ${JSON.stringify(output)} must not be a directory`);
  if (existing && !existing.isFile()) throw refuse('got a device');
  return file;
}
