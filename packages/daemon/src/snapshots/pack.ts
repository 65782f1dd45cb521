/** Trees as archives, what a container changed, and what is at a path of it. */
import type { Readable } from 'node:stream';
import { DockerError } from '@tsdocker/shared/errors.ts';
import { startTreeTask, type TreeView } from './tree-helper.ts';

export interface PackOptions {
  /** Below the root, without a leading `/`; empty is the root. */
  path?: string;
  /** What it is called in the archive; empty leaves the top's own entry out. */
  name?: string;
  /** Overlayfs' marks become a layer's whiteouts: the tree is an upper directory. */
  whiteouts?: boolean;
}

/**
 * An uncompressed tar. Ends with an error when the helper failed, so that half an archive is never taken for a whole one.
 * Leaving the loop early ends the helper.
 */
export async function* packTree(view: TreeView, opts: PackOptions = {}): AsyncGenerator<Buffer> {
  const task = startTreeTask('pack', view, [
    `path=${opts.path ?? ''}`,
    `name=${opts.name ?? ''}`,
    ...(opts.whiteouts ? ['whiteouts=1'] : []),
  ]);
  let complete = false;
  try {
    task.input.end();
    yield* task.output as AsyncIterable<Buffer>;
    await task.outcome();
    complete = true;
  } finally {
    if (!complete) await task.kill();
  }
}

/** `A` added, `C` changed, `D` deleted; a directory stands before what is in it. */
export interface TreeChange {
  kind: 'A' | 'C' | 'D';
  /** Absolute. */
  path: string;
}

/** @param view root: the upper directory; base: the layers below it */
export async function listChanges(view: TreeView): Promise<TreeChange[]> {
  const text = await allOutput('changes', view, []);
  return text.output
    .split('\0')
    .filter(Boolean)
    .map((line) => ({ kind: line[0] as TreeChange['kind'], path: line.slice(2) }));
}

/** What is at a path; a symlink as the last part is not followed. */
export interface TreeEntry {
  /** With type bits. */
  mode: number;
  sizeBytes: number;
  mtimeSeconds: number;
  mtimeNanos: number;
  /** Absolute; symlinks of the parents are resolved. */
  resolved: string;
  /** Of a symlink: absolute path of what it leads to, whether it is there or not. */
  target?: string;
}

const ENOENT = 2;
const ENOTDIR = 20;

/** @returns undefined when nothing is there @throws System */
export async function lookUp(view: TreeView, path: string): Promise<TreeEntry | undefined> {
  try {
    const { said, output } = await allOutput('look', view, [`path=${path}`]);
    const [mode = 0, sizeBytes = 0, mtimeSeconds = 0, mtimeNanos = 0] = said.split(' ').map(Number);
    const [resolved = '', target = ''] = output.split('\0');
    const isLink = (mode & 0o170000) === 0o120000;
    return {
      mode,
      sizeBytes,
      mtimeSeconds,
      mtimeNanos,
      resolved: `/${resolved}`,
      ...(isLink && { target: `/${target}` }),
    };
  } catch (err) {
    const errno = Number(/^(\d+) /.exec((err as Error).message)?.[1]);
    if (errno === ENOENT || errno === ENOTDIR) return undefined;
    if (errno) throw new DockerError('System', `look up ${path}: ${(err as Error).message.replace(/^\d+ /, '')}`);
    throw err;
  }
}

/** The same, but a symlink as the last part is followed to where it leads in the tree. */
export async function lookUpTarget(view: TreeView, path: string): Promise<TreeEntry | undefined> {
  const entry = await lookUp(view, path);
  return entry?.target === undefined ? entry : await lookUp(view, entry.target);
}

export const isDirectory = (entry: TreeEntry): boolean => (entry.mode & 0o170000) === 0o040000;

/** A name below a directory. */
export interface TreeName {
  /** Relative to the directory. */
  name: string;
  isDirectory: boolean;
}

/**
 * Names below a directory, sorted, a directory before what is in it; links are not followed.
 * @param path absolute, its links resolved
 * @param depth 1 is what is in the directory itself
 * @throws System when it is no directory
 */
export async function listBelow(view: TreeView, path: string, depth: number): Promise<TreeName[]> {
  const { output } = await allOutput('list', view, [`path=${path.slice(1)}`, `depth=${depth}`]);
  return output
    .split('\0')
    .filter(Boolean)
    .map((line) => ({ name: line.slice(2), isDirectory: line[0] === 'd' }));
}

async function allOutput(
  task: 'changes' | 'look' | 'list',
  view: TreeView,
  args: readonly string[],
): Promise<{ said: string; output: string }> {
  const running = startTreeTask(task, view, args);
  running.input.end();
  const [said, output] = await Promise.all([running.outcome(), readAll(running.output)]);
  return { said, output };
}

async function readAll(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
