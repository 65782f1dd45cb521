/** What is sent to be built from: a directory, a Dockerfile or a tar on standard input. */
import { readFileSync, statSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { extraDockerfileName } from '@tsdocker/shared/extra-dockerfile.ts';
import { ExcludeList } from '@tsdocker/shared/path-patterns.ts';
import { TAR_END, tarFile } from '@tsdocker/shared/tar-header.ts';
import type { Cli } from '../cli.ts';
import { counted } from '../files/counted.ts';
import { packLocal } from '../files/local-pack.ts';
import { StatusError } from '../status-error.ts';

export interface BuildContext {
  body: Readable | Iterable<Buffer>;
  /** Path of the Dockerfile in it. */
  dockerfile: string;
  /** What messages call it. */
  shownAs: string;
}

const DEFAULT_NAME = 'Dockerfile';

/**
 * @param source path, or `-`
 * @param file of `-f`; '' is the default one
 * @param onBytes told of every piece that is sent
 */
export async function buildContext(
  cli: Cli,
  source: string,
  file: string,
  onBytes: (bytes: number) => void,
): Promise<BuildContext> {
  if (/^(https?|git|ssh):\/\/|^git@|^github\.com\//.test(source))
    throw new StatusError(1, `ERROR: a context at ${source} is not there yet: fetch it first`);
  if (source === '-') {
    if (file === '-')
      throw new StatusError(1, "ERROR: invalid argument: can't use stdin for both build context and dockerfile");
    return fromStdin(cli, file, onBytes);
  }
  const root = resolve(cli.cwd, source);
  if (!statSync(root, { throwIfNoEntry: false })?.isDirectory())
    throw new StatusError(1, `ERROR: unable to prepare context: path "${source}" not found`);
  if (file === '-') {
    const text = await readAll(cli.stdin.stream);
    return directory(root, { name: extraName(), text }, DEFAULT_NAME, onBytes);
  }
  const path = file === '' ? join(root, DEFAULT_NAME) : resolve(cli.cwd, file);
  if (!statSync(path, { throwIfNoEntry: false })?.isFile())
    throw new StatusError(
      1,
      `ERROR: failed to build: failed to solve: failed to read dockerfile: open ${file || DEFAULT_NAME}: no such file or directory`,
    );
  const inside = relative(root, path);
  if (inside.startsWith('..'))
    return directory(root, { name: extraName(), text: readFileSync(path) }, basename(path), onBytes);
  return directory(root, { name: inside }, basename(path), onBytes);
}

const extraName = (): string => extraDockerfileName(process.pid, Date.now());

function directory(
  root: string,
  dockerfile: { name: string; text?: Buffer },
  shownAs: string,
  onBytes: (bytes: number) => void,
): BuildContext {
  const own = dockerfile.text ? undefined : readIfThere(`${join(root, dockerfile.name)}.dockerignore`);
  const lines = (own ?? readIfThere(join(root, '.dockerignore')) ?? '').replace(/^\ufeff/, '').split(/\r?\n/);
  let list: ExcludeList;
  try {
    // The daemon needs both; it leaves them out itself when they are excluded.
    list = new ExcludeList([...lines, `!${dockerfile.name}`, `!${dockerfile.name}.dockerignore`, '!.dockerignore']);
  } catch (err) {
    throw new StatusError(
      1,
      `ERROR: failed to build: failed to solve: failed to parse .dockerignore: ${(err as Error).message}`,
    );
  }
  const plain = new ExcludeList(lines);
  // Exceptions of ours name files, so a directory without them is still passed over unread.
  const needed = [dockerfile.name, `${dockerfile.name}.dockerignore`, '.dockerignore'];
  const leaveOut = {
    hasExceptions: plain.hasExceptions || needed.some((name) => name.includes('/') && plain.excludes(name)),
    excludes: (path: string) => list.excludes(path),
  };
  return { body: counted(pack(root, leaveOut, dockerfile), onBytes), dockerfile: dockerfile.name, shownAs };
}

function* pack(
  root: string,
  leaveOut: { excludes(path: string): boolean; readonly hasExceptions: boolean },
  dockerfile: { name: string; text?: Buffer },
): Generator<Buffer> {
  if (dockerfile.text) yield fileEntry(dockerfile.name, dockerfile.text);
  yield* packLocal({ path: root, name: '.', leaveOut });
}

function fileEntry(name: string, text: Buffer): Buffer {
  return tarFile({ name, mode: 0o600, uid: 0, gid: 0, mtimeNanos: 0n }, text);
}

function readIfThere(path: string): string | undefined {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ? readFileSync(path, 'utf8') : undefined;
}

async function readAll(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** A tar, compressed or not, is the context; anything else is a Dockerfile without one. */
async function fromStdin(cli: Cli, file: string, onBytes: (bytes: number) => void): Promise<BuildContext> {
  const iterator = cli.stdin.stream[Symbol.asyncIterator]();
  let start = Buffer.alloc(0);
  let ended = false;
  while (start.length < 512 && !ended) {
    const { value, done } = await iterator.next();
    if (done) ended = true;
    else start = Buffer.concat([start, value as Buffer]);
  }
  async function* whole(): AsyncGenerator<Buffer> {
    onBytes(start.length);
    yield start;
    while (!ended) {
      const { value, done } = await iterator.next();
      if (done) return;
      onBytes((value as Buffer).length);
      yield value as Buffer;
    }
  }
  if (isArchive(start)) {
    const dockerfile = file || DEFAULT_NAME;
    return { body: Readable.from(whole(), { objectMode: false }), dockerfile, shownAs: basename(dockerfile) };
  }
  if (file !== '')
    throw new StatusError(1, 'ERROR: ambiguous Dockerfile source: both stdin and flag correspond to Dockerfiles');
  const chunks: Buffer[] = [];
  for await (const chunk of whole()) chunks.push(chunk);
  const body = [fileEntry(DEFAULT_NAME, Buffer.concat(chunks)), TAR_END];
  return { body: Readable.from(body, { objectMode: false }), dockerfile: DEFAULT_NAME, shownAs: DEFAULT_NAME };
}

function isArchive(start: Buffer): boolean {
  const hex = start.subarray(0, 6).toString('hex');
  if (/^(1f8b|28b52ffd|425a68|fd377a585a00)/.test(hex)) return true;
  return start.subarray(257, 262).toString('latin1') === 'ustar';
}
