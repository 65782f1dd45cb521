import type { Readable } from 'node:stream';
import { parseReference } from '@tsdocker/shared/reference.ts';
import type { Cli } from '../../cli.ts';
import { imageImport } from '../../client/image.ts';
import type { CommandSpec, Flags } from '../../command.ts';
import { showProgress } from '../../streams/progress.ts';
import { openFile } from './load.ts';

export const command: CommandSpec = {
  name: 'import',
  usage: '[OPTIONS] file|URL|- [REPOSITORY[:TAG]]',
  summary: 'Make an image from a tar of a root file system',
  flags: [
    { name: 'change', short: 'c', kind: 'list', description: 'Set this Dockerfile instruction in the image' },
    { name: 'message', short: 'm', kind: 'string', description: 'Comment of the image' },
    { name: 'platform', kind: 'string', description: 'Platform of the image (`linux/arm64`)', since: '1.32' },
  ],
  args: { min: 1, max: Number.POSITIVE_INFINITY },
  run: importImage,
};

async function importImage(cli: Cli, args: string[], flags: Flags): Promise<void> {
  const [source = '', name = ''] = args;
  if (name !== '') parseReference(name);
  const messages = await imageImport(cli.client(), {
    ...(await sourceOf(cli, source)),
    repo: name,
    message: flags.string('message'),
    changes: flags.list('change'),
    platform: flags.string('platform'),
  });
  await showProgress(cli.stdout, messages);
}

async function sourceOf(cli: Cli, source: string): Promise<{ source: string; body?: Readable }> {
  if (source === '-') return { source: '-', body: cli.stdin.stream };
  if (/^(https?|ftp|tcp|unix|git):\/\//.test(source)) return { source };
  return { source: '-', body: await openFile(cli, source) };
}
