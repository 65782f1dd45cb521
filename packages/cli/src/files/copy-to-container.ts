/** `cp LOCAL CONTAINER:PATH`. */
import { lstat, realpath } from 'node:fs/promises';
import { basename, join, posix, resolve } from 'node:path';
import type { Cli } from '../cli.ts';
import { containerPutArchive, containerStatPath } from '../client/container.ts';
import { StatusError } from '../status-error.ts';
import { copyReport } from './copy-report.ts';
import { counted } from './counted.ts';
import { packLocal } from './local-pack.ts';
import { assertsDirectory, type CopyPlace, planCopy, splitEntry, withEndingOf } from './paths.ts';

export interface CopyOptions {
  followLink: boolean;
  /** `--archive`. */
  copyUidGid: boolean;
  quiet: boolean;
}

const GO_DIRECTORY = 2 ** 31;
const GO_SYMLINK = 2 ** 27;
/** Devices, pipes, sockets: nothing can be copied onto one. */
const GO_SPECIAL = [2 ** 26, 2 ** 25, 2 ** 24];

export async function copyToContainer(
  cli: Cli,
  source: string,
  destination: { container: string; path: string },
  opts: CopyOptions,
): Promise<void> {
  const client = cli.client();
  const to = await destinationPlace(cli, destination);
  const named = `${destination.container}:${destination.path}`;
  const upload = { noOverwriteDirNonDir: true, copyUidGid: opts.copyUidGid };
  if (source === '-') {
    if (!to.isDirectory) throw new StatusError(1, `destination "${named}" must be a directory`);
    await containerPutArchive(client, destination.container, to.path, cli.stdin.stream, upload);
    return;
  }
  const from = await sourcePlace(withEndingOf(resolve(cli.cwd, source), source), opts.followLink);
  const plan = planCopy(from, to);
  const report = copyReport(cli, {
    quiet: opts.quiet,
    header: 'Copying to container - ',
    target: `${destination.container}:${to.path}`,
  });
  const name = plan.rename?.to ?? from.rebaseName ?? splitEntry(from.path).base;
  const archive = counted(packLocal({ path: from.path, name, onContent: (bytes) => report.content(bytes) }), (bytes) =>
    report.transferred(bytes),
  );
  await containerPutArchive(client, destination.container, plan.directory, archive, upload);
  report.done();
}

/** What is at the destination; a link there is followed once, to where the daemon says it leads. */
async function destinationPlace(
  cli: Cli,
  { container, path }: { container: string; path: string },
): Promise<CopyPlace> {
  const client = cli.client();
  let place = path;
  let found = await containerStatPath(client, container, place).catch(unknown);
  if (found && hasBit(found.mode, GO_SYMLINK)) {
    place = posix.resolve('/', splitEntry(path).directory, found.linkTarget);
    found = await containerStatPath(client, container, place).catch(unknown);
  }
  if (found && GO_SPECIAL.some((bit) => hasBit(found.mode, bit)))
    throw new StatusError(1, `destination "${container}:${path}" must be a directory or a regular file: got a device`);
  return {
    path: place,
    exists: found !== undefined,
    isDirectory: found !== undefined && hasBit(found.mode, GO_DIRECTORY),
  };
}

/** Nothing there yet, no such container, no path: the upload finds out and says which. */
const unknown = (): undefined => undefined;

/** Links in the directories are followed always, the last one only on demand. @throws StatusError as lstat says it */
async function sourcePlace(path: string, followLink: boolean): Promise<CopyPlace> {
  try {
    const { directory, base } = splitEntry(path);
    const bare = path.replace(/(.)\/\.?$/, '$1');
    // `link/` and `link/.` are what it leads to.
    const follow = followLink || assertsDirectory(path);
    const real = withEndingOf(follow ? await realpath(bare) : join(await realpath(directory), base), path);
    const st = await lstat(real);
    const isRenamed = !path.endsWith('/.') && basename(bare) !== basename(real.replace(/(.)\/\.?$/, '$1'));
    return {
      path: real,
      exists: true,
      isDirectory: st.isDirectory(),
      ...(isRenamed && { rebaseName: basename(bare) }),
    };
  } catch (err) {
    if ((err as NodeJS.ErrnoException).code === 'ENOENT')
      throw new StatusError(1, `lstat ${path}: no such file or directory`);
    if ((err as NodeJS.ErrnoException).code === 'ENOTDIR') throw new StatusError(1, 'not a directory');
    throw err;
  }
}

const hasBit = (mode: number, bit: number): boolean => Math.floor(mode / bit) % 2 === 1;
