import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import type { Cli } from '../../cli.ts';
import { imageLoad } from '../../client/image.ts';
import { jsonObjects } from '../../client/json-stream.ts';
import type { CommandSpec, Flags } from '../../command.ts';
import { StatusError } from '../../status-error.ts';
import { showProgress } from '../../streams/progress.ts';
import { pumpInto } from '../../streams/pump.ts';
import { PLATFORM_LIST_FLAG, platformsOption } from './platform-flag.ts';

export const command: CommandSpec = {
  name: 'load',
  usage: '[OPTIONS]',
  summary: 'Load images from an archive',
  description: 'Load images from an archive: a file, or stdin',
  flags: [
    { name: 'input', short: 'i', kind: 'string', description: 'Read this file instead of stdin' },
    { ...PLATFORM_LIST_FLAG, since: '1.48' },
    { name: 'quiet', short: 'q', kind: 'bool', description: 'Print the result only' },
  ],
  args: { min: 0, max: 0 },
  run: load,
};

async function load(cli: Cli, _args: string[], flags: Flags): Promise<void> {
  const body = await openInput(cli, flags.string('input'));
  // Progress is for people in front of a terminal.
  const quiet = flags.bool('quiet') || !cli.stdout.isTerminal;
  const { json, stream } = await imageLoad(cli.client(), body, { quiet, ...platformsOption(flags) });
  if (json) await showProgress(cli.stdout, jsonObjects(stream));
  else await pumpInto(stream, (chunk) => cli.stdout.stream.write(chunk), [cli.stdout.stream]);
}

async function openInput(cli: Cli, path: string): Promise<Readable> {
  if (path !== '') return openFile(cli, path);
  if (cli.stdin.isTerminal) throw new StatusError(1, 'requested load from stdin, but stdin is empty');
  return cli.stdin.stream;
}

/** Opened before anything is sent. @throws StatusError in docker's words */
export async function openFile(cli: Cli, path: string): Promise<Readable> {
  const file = resolve(cli.cwd, path);
  try {
    if ((await stat(file)).isDirectory()) throw new StatusError(1, `read ${path}: is a directory`);
  } catch (err) {
    const { code } = err as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new StatusError(1, `open ${path}: no such file or directory`);
    throw err;
  }
  const stream = createReadStream(file, { highWaterMark: 1 << 20 });
  await new Promise<void>((done, fail) => {
    stream.once('open', () => done());
    stream.once('error', (err: NodeJS.ErrnoException) =>
      fail(new StatusError(1, `open ${path}: ${err.code === 'EACCES' ? 'permission denied' : err.message}`)),
    );
  });
  return stream;
}
