/** What COPY and ADD copy: entries with names below the destination, and a digest that stands for all of it. */
import { createHash, type Hash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { posix } from 'node:path';
import { Readable } from 'node:stream';
import { ExcludeList } from '@tsdocker/shared/path-patterns.ts';
import type { TarEntry, TarType } from '@tsdocker/shared/tar-header.ts';
import { extract, type Header } from 'tar-stream';
import type { Heredoc } from '../dockerfile/heredoc.ts';
import { packTree } from '../snapshots/pack.ts';
import type { TreeView } from '../snapshots/tree-helper.ts';
import { type ContextFiles, type ContextPath, joined } from './context.ts';

export interface CopyEntry extends TarEntry {
  content?: Iterable<Buffer> | AsyncIterable<Buffer>;
}

export interface CopySource {
  /** Its own name, for a destination that is a directory. */
  base: string;
  isDirectory: boolean;
  /** Of names, kinds, permissions and content; times do not count. */
  digest(): Promise<string> | string;
  /** The one file with the name '', or what is in the directory. */
  entries(): AsyncIterable<CopyEntry> | Iterable<CopyEntry>;
  /** The same as a ready tar, with everything entries cannot say (extended attributes); the file is called `name`. */
  packed?(name: string): AsyncIterable<Buffer>;
}

const CHUNK_BYTES = 256 << 10;

function* contentOf(path: string): Generator<Buffer> {
  const fd = openSync(path, 'r');
  try {
    for (;;) {
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
      const count = readSync(fd, chunk);
      if (count === 0) return;
      yield chunk.subarray(0, count);
    }
  } finally {
    closeSync(fd);
  }
}

/** Files of the context. They belong to root, whoever they belong to there. */
export function contextSource(files: ContextFiles, path: ContextPath, exclude: readonly string[] = []): CopySource {
  const isDirectory = files.stat(path.real)?.isDirectory() ?? false;
  const excluded = new ExcludeList([...exclude]);
  function* entries(): Generator<CopyEntry> {
    yield* isDirectory ? below('') : one('');
  }
  function* below(name: string): Generator<CopyEntry> {
    const real = joined(path.real, name);
    for (const child of files.names(real)) {
      const childName = joined(name, child);
      const childReal = joined(real, child);
      const keep = !files.isExcluded(childReal) && !excluded.excludes(childName);
      if (keep) yield* one(childName);
      if (files.stat(childReal)?.isDirectory()) yield* below(childName);
    }
  }
  function* one(name: string): Generator<CopyEntry> {
    const real = joined(path.real, name);
    const st = files.stat(real);
    const type = st && typeOf(st);
    if (!st || !type) return;
    yield {
      name,
      type,
      mode: Number(st.mode & 0o7777n),
      uid: 0,
      gid: 0,
      size: type === 'file' ? Number(st.size) : 0,
      mtimeNanos: st.mtimeNs,
      ...(type === 'symlink' && { linkname: files.linkOf(real) }),
      ...(type === 'file' && { content: contentOf(files.hostPath(real)) }),
    };
  }
  return { base: posix.basename(path.named), isDirectory, entries, digest: () => digestOf(entries()) };
}

function typeOf(st: { isFile(): boolean; isDirectory(): boolean; isSymbolicLink(): boolean }): TarType | undefined {
  if (st.isFile()) return 'file';
  if (st.isDirectory()) return 'directory';
  // Devices and pipes of a context are nothing to build from.
  return st.isSymbolicLink() ? 'symlink' : undefined;
}

function digestOf(entries: Iterable<CopyEntry>): string {
  const hash = createHash('sha256');
  for (const entry of entries) {
    note(hash, entry.name, entry.type, String(entry.mode), String(entry.size), entry.linkname ?? '');
    for (const chunk of (entry.content as Iterable<Buffer> | undefined) ?? []) hash.update(chunk);
  }
  return hash.digest('hex');
}

function note(hash: Hash, ...words: string[]): void {
  for (const word of words) hash.update(`${Buffer.byteLength(word)}:${word}`);
}

/** A here-document. */
export function heredocSource(heredoc: Heredoc, content: string): CopySource {
  const bytes = Buffer.from(content);
  return {
    base: heredoc.name,
    isDirectory: false,
    digest: () => createHash('sha256').update(bytes).digest('hex'),
    entries: () => [
      { name: '', type: 'file', mode: 0o644, uid: 0, gid: 0, size: bytes.length, mtimeNanos: 0n, content: [bytes] },
    ],
  };
}

/**
 * A file or directory of another stage or image; owners stay.
 * @param from where it is: its path is resolved, links and all
 * @param key stands for everything in that tree
 */
export function treeSource(
  view: TreeView,
  from: { path: string; named: string; isDirectory: boolean },
  key: string,
  exclude: readonly string[] = [],
): CopySource {
  const excluded = new ExcludeList([...exclude]);
  async function* entries(): AsyncGenerator<CopyEntry> {
    const reader = extract();
    const packed = packTree(view, { path: from.path.replace(/^\//, ''), name: 'x' });
    const feeding = Readable.from(packed).pipe(reader);
    feeding.on('error', () => {});
    for await (const entry of reader) {
      const header = entry.header as Header & { pax?: Record<string, string> };
      const name = header.name.replace(/\/+$/, '').replace(/^x\/?/, '');
      const type = TYPES[header.type ?? ''];
      if (!type || (name === '' && from.isDirectory) || (name !== '' && excluded.excludes(name))) {
        entry.resume();
        continue;
      }
      yield {
        name,
        type,
        mode: header.mode ?? 0o644,
        uid: header.uid ?? 0,
        gid: header.gid ?? 0,
        size: type === 'file' ? (header.size ?? 0) : 0,
        mtimeNanos: mtimeOf(header),
        ...(header.linkname && {
          linkname: type === 'link' ? header.linkname.replace(/^x\/?/, '') : header.linkname,
        }),
        ...(type === 'character' || type === 'block'
          ? { deviceMajor: header.devmajor ?? 0, deviceMinor: header.devminor ?? 0 }
          : {}),
        ...(type === 'file' && { content: entry as AsyncIterable<Buffer> }),
      };
      if (type !== 'file') entry.resume();
    }
  }
  return {
    base: posix.basename(from.named),
    isDirectory: from.isDirectory,
    digest: () =>
      createHash('sha256')
        .update(JSON.stringify([key, from.path, exclude]))
        .digest('hex'),
    entries,
    ...(exclude.length === 0 && {
      packed: (name: string) =>
        packTree(view, { path: from.path.replace(/^\//, ''), name: from.isDirectory ? '' : name }),
    }),
  };
}

const TYPES: Readonly<Record<string, TarType>> = {
  file: 'file',
  'contiguous-file': 'file',
  directory: 'directory',
  symlink: 'symlink',
  link: 'link',
  'character-device': 'character',
  'block-device': 'block',
  fifo: 'fifo',
};

function mtimeOf(header: Header & { pax?: Record<string, string> }): bigint {
  const exact = /^(-?\d+)(?:\.(\d{1,9}))?/.exec(header.pax?.['mtime'] ?? '');
  if (exact) return BigInt(exact[1] as string) * 1_000_000_000n + BigInt((exact[2] ?? '').padEnd(9, '0'));
  return BigInt(header.mtime?.getTime() ?? 0) * 1_000_000n;
}
