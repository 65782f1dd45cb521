/** What the words of COPY and ADD name: files of the context, of another stage or image, here-documents, addresses. */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { join, posix } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { codeOf, DockerError } from '@tsdocker/shared/errors.ts';
import { hasWildcard } from '@tsdocker/shared/path-patterns.ts';
import { plainStream } from '../content/decompress.ts';
import { invalid } from '../dockerfile/errors.ts';
import type { CopyInstruction, Instruction } from '../dockerfile/instructions/types.ts';
import { expand } from '../dockerfile/shell-lex.ts';
import { isDirectory, lookUpTarget } from '../snapshots/pack.ts';
import type { TreeView } from '../snapshots/tree-helper.ts';
import { ContextFiles, type ContextPath } from './context.ts';
import { type CopySource, contextSource, heredocSource, treeSource } from './copy-source.ts';
import type { Solver } from './solver.ts';
import type { Stage } from './stages.ts';
import { globTree } from './tree-glob.ts';

export interface CopySources {
  /** `below`: directories under the destination that `--parents` keeps. */
  copied: { source: CopySource; below: string }[];
  archives: { path: string; digest: string }[];
}

interface Words {
  expanded(text: string): string;
  known: ReadonlyMap<string, string>;
}

/** @throws InvalidParameter for what is not there */
export async function sourcesFor(
  solver: Solver,
  stage: Stage,
  instruction: CopyInstruction & Instruction,
  words: Words,
): Promise<CopySources> {
  const { flags } = instruction;
  const out: CopySources = { copied: [], archives: [] };
  const exclude = flags.exclude.map(words.expanded);
  for (const text of instruction.sources) {
    const source = words.expanded(text);
    if (flags.from !== undefined) await addFromTree(solver, stage, instruction, source, exclude, out);
    else if (instruction.kind === 'ADD' && isAddress(source)) await addRemote(solver, instruction, source, out);
    else
      for (const path of selected(solver, source)) await addLocal(solver, instruction, { source, path, exclude }, out);
  }
  for (const heredoc of instruction.files) {
    const content = heredoc.expand
      ? expand(heredoc.content, { lookup: (name) => words.known.get(name), escape: solver.escape }).value
      : heredoc.content;
    out.copied.push({ source: heredocSource(heredoc, content), below: '' });
  }
  return out;
}

/** A wildcard may fit nothing: BuildKit copies nothing then, the classic builder fails. @throws InvalidParameter */
function selected(solver: Solver, source: string): ContextPath[] {
  const paths = solver.files.select(source);
  checkFound(solver, source, paths.length);
  return paths;
}

function checkFound(solver: Solver, source: string, count: number): void {
  if (count === 0 && solver.opts.history === 'classic')
    throw invalid(`COPY failed: no source files were specified (${source})`);
}

async function addFromTree(
  solver: Solver,
  stage: Stage,
  instruction: CopyInstruction,
  source: string,
  exclude: string[],
  out: CopySources,
): Promise<void> {
  const { view, key } = await solver.treeOf(stage, instruction.flags.from as string);
  const paths = hasWildcard(source) ? await globTree(view, source) : [posix.join('/', source)];
  checkFound(solver, source, paths.length);
  for (const path of paths) {
    const found = await entryAt(view, path);
    const from = { path: found.resolved, named: path, isDirectory: isDirectory(found) };
    const copied = treeSource(view, from, key, exclude);
    out.copied.push({ source: copied, below: kept(instruction, source, path.slice(1), copied.isDirectory) });
  }
}

async function entryAt(view: TreeView, path: string) {
  const found = await lookUpTarget(view, path);
  if (!found) throw invalid(`${JSON.stringify(path.replace(/(.)\/$/, '$1'))}: not found`);
  return found;
}

/**
 * Directories under the destination that `--parents` keeps: those of the path, or those behind a `/./` of the source.
 * @param path relative @param whole it is a directory, which goes with its own name
 */
function kept(instruction: CopyInstruction, source: string, path: string, whole: boolean): string {
  if (!instruction.flags.parents) return '';
  const pivot = source.indexOf('/./');
  const leftOut =
    pivot < 0
      ? 0
      : source
          .slice(0, pivot)
          .split('/')
          .filter((part) => part !== '' && part !== '.').length;
  const clean = posix.normalize(path.split('/').slice(leftOut).join('/')).replace(/\/$/, '');
  const directory = whole ? clean : posix.dirname(clean);
  return directory === '.' ? '' : directory;
}

async function addLocal(
  solver: Solver,
  instruction: CopyInstruction,
  from: { source: string; path: ContextPath; exclude: string[] },
  out: CopySources,
): Promise<void> {
  const { path } = from;
  const source = contextSource(solver.files, path, from.exclude);
  // Opening anything but a file could wait for ever.
  const isFile = solver.files.stat(path.real)?.isFile() ?? false;
  if (!isFile && !source.isDirectory) throw invalid(`${JSON.stringify(`/${path.named}`)}: no file and no directory`);
  const mayUnpack = instruction.kind === 'ADD' && instruction.flags.unpack !== false && isFile;
  const host = solver.files.hostPath(path.real);
  if (mayUnpack && (await isArchive(host))) out.archives.push({ path: host, digest: await source.digest() });
  else out.copied.push({ source, below: kept(instruction, from.source, path.named, source.isDirectory) });
}

/** Starts with a tar header, compressed or not. */
async function isArchive(path: string): Promise<boolean> {
  const stream = createReadStream(path);
  try {
    let header = Buffer.alloc(0);
    for await (const chunk of plainStream(stream)) {
      header = Buffer.concat([header, chunk]);
      if (header.length >= 512) break;
    }
    return isTarHeader(header);
  } catch (err) {
    // The program that could tell is not there.
    if (codeOf(err) === 'NotImplemented') throw err;
    // Not what its first bytes say: then it is a file like any other.
    return false;
  } finally {
    stream.destroy();
  }
}

/** The checksum counts its own eight bytes as blanks. */
function isTarHeader(block: Buffer): boolean {
  if (block.length < 512) return false;
  const stated = Number.parseInt(
    block
      .subarray(148, 156)
      .toString('latin1')
      .replace(/[\0 ]+$/, ''),
    8,
  );
  let sum = 0;
  for (let i = 0; i < 512; i++) sum += i >= 148 && i < 156 ? 32 : (block[i] as number);
  return sum === stated;
}

const isAddress = (text: string): boolean => /^(https?|git|ssh):\/\/|^git@/.test(text);

async function addRemote(
  solver: Solver,
  instruction: CopyInstruction,
  address: string,
  out: CopySources,
): Promise<void> {
  if (!/^https?:/.test(address) || /\.git(#|$)/.test(address))
    throw new DockerError('NotImplemented', 'ADD of a git repository is not there yet: clone it in a RUN');
  const response = await fetch(address, { signal: solver.opts.signal }).catch((cause) => {
    throw new DockerError('System', `ADD ${address}: ${(cause as Error).message}`, { cause });
  });
  if (!response.ok || !response.body)
    throw new DockerError('System', `ADD ${address}: ${response.status} ${response.statusText}`);
  const name = posix.basename(new URL(address).pathname);
  if (name === '' || name === '/') throw invalid(`cannot determine filename for source ${address}`);
  const directory = await solver.newDirectory();
  const path = join(directory, name);
  const hash = createHash('sha256');
  await pipeline(
    Readable.fromWeb(response.body as ReadableStream<Uint8Array>),
    async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        hash.update(chunk);
        yield chunk;
      }
    },
    createWriteStream(path, { mode: 0o600 }),
  );
  const digest = `sha256:${hash.digest('hex')}`;
  const wanted = instruction.flags.checksum;
  if (wanted !== undefined && wanted !== digest) throw invalid(`digest mismatch ${digest}: ${wanted}`);
  if (instruction.flags.unpack && (await isArchive(path))) out.archives.push({ path, digest });
  else out.copied.push({ source: contextSource(new ContextFiles(directory), { named: name, real: name }), below: '' });
}
