/** `cp CONTAINER:PATH LOCAL`. */
import { lstat, readlink, stat } from 'node:fs/promises';
import { posix, resolve } from 'node:path';
import type { Cli } from '../cli.ts';
import { containerArchive, containerStatPath } from '../client/container.ts';
import { StatusError } from '../status-error.ts';
import { pumpInto } from '../streams/pump.ts';
import { copyReport } from './copy-report.ts';
import type { CopyOptions } from './copy-to-container.ts';
import { unpackLocal } from './local-unpack.ts';
import { type CopyPlace, planCopy, splitEntry, withEndingOf } from './paths.ts';

const GO_DIRECTORY = 2 ** 31;
const GO_SYMLINK = 2 ** 27;
const MAX_LINKS = 10;

export async function copyFromContainer(
  cli: Cli,
  source: { container: string; path: string },
  destination: string,
  opts: CopyOptions,
): Promise<void> {
  const client = cli.client();
  const local = destination === '-' ? '-' : withEndingOf(resolve(cli.cwd, destination), destination);
  const place = local === '-' ? undefined : await destinationPlace(local);
  let path = source.path;
  let rebaseName: string | undefined;
  if (opts.followLink) {
    const found = await containerStatPath(client, source.container, path).catch(() => undefined);
    if (found && hasBit(found.mode, GO_SYMLINK)) {
      const target = posix.resolve(splitEntry(path).directory, found.linkTarget);
      const followed = withEndingOf(target, path);
      if (posix.basename(path) !== posix.basename(followed)) rebaseName = posix.basename(path);
      path = followed;
    }
  }
  const { stat: what, stream } = await containerArchive(client, source.container, path);
  if (!place) {
    if (cli.stdout.isTerminal)
      throw new StatusError(1, 'cowardly refusing to write an archive to a terminal; redirect it');
    return await pumpInto(stream, (chunk) => cli.stdout.stream.write(chunk), [cli.stdout.stream]);
  }
  const from: CopyPlace = { path, exists: true, isDirectory: hasBit(what.mode, GO_DIRECTORY) };
  const plan = planCopy(from, place);
  const rename = rebased(plan.rename, splitEntry(path).base, rebaseName);
  const report = copyReport(cli, { quiet: opts.quiet, header: 'Copying from container - ', target: local });
  await unpackLocal(stream, {
    directory: plan.directory,
    ...(rename && { rename }),
    onContent: (bytes) => report.content(bytes),
    onBytes: (bytes) => report.transferred(bytes),
  });
  report.done();
}

/** A followed link's content comes under the target's name and gets the link's own, unless the destination names it. */
function rebased(
  rename: { from: string; to: string } | undefined,
  base: string,
  linkName: string | undefined,
): { from: string; to: string } | undefined {
  if (rename) return { from: base, to: rename.to };
  return linkName === undefined ? undefined : { from: base, to: linkName };
}

const hasBit = (mode: number, bit: number): boolean => Math.floor(mode / bit) % 2 === 1;

/** Links are followed to what they lead to, also where nothing is there yet. @throws StatusError when there is no parent */
async function destinationPlace(path: string): Promise<CopyPlace> {
  let at = path;
  for (let links = 0; ; links++) {
    const st = await lstat(at.replace(/(.)\/\.?$/, '$1')).catch(() => undefined);
    if (!st) break;
    if (!st.isSymbolicLink()) return { path: at, exists: true, isDirectory: st.isDirectory() };
    if (links === MAX_LINKS) throw new StatusError(1, `too many symlinks in ${JSON.stringify(path)}`);
    const plain = at.replace(/(.)\/\.?$/, '$1');
    at = resolve(splitEntry(plain).directory, await readlink(plain));
  }
  const { directory } = splitEntry(at);
  const parent = await stat(directory).catch(() => undefined);
  if (!parent) throw new StatusError(1, `invalid output path: directory ${JSON.stringify(directory)} does not exist`);
  if (!parent.isDirectory()) throw new StatusError(1, 'not a directory');
  return { path: at, exists: false, isDirectory: false };
}
