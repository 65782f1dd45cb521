/**
 * A build's context: the client's files, unpacked into a directory nobody else sees. Links are followed inside it alone:
 * `..` stops at its root, and an absolute target starts there.
 */
import { type BigIntStats, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join, posix } from 'node:path';
import { ExcludeList, hasWildcard, pathPattern } from '@tsdocker/shared/path-patterns.ts';
import { plainStream } from '../content/decompress.ts';
import { invalid } from '../dockerfile/errors.ts';
import { unpackTree } from '../snapshots/apply.ts';

const MAX_LINKS = 40;
const MAX_TEXT_BYTES = 16 << 20;

/** Unpacks the tar below an existing directory. @throws System when it is none */
export function receiveContext(directory: string, body: AsyncIterable<Buffer>): Promise<void> {
  return unpackTree({ root: directory }, plainStream(body), { into: '' });
}

/** A relative path of two; '' is the directory itself. */
export const joined = (directory: string, name: string): string =>
  directory === '' ? name : name === '' ? directory : `${directory}/${name}`;

/** Relative, without what climbs above the context; '' is all of it. */
const cleanPath = (source: string): string => posix.join('/', source).slice(1).replace(/\/+$/, '');

export interface ContextPath {
  /** As the pattern named it, for the file's name at the destination. */
  named: string;
  /** Where it really is, relative; '' is the root. */
  real: string;
}

export class ContextFiles {
  readonly root: string;
  readonly #excluded: ExcludeList;

  /** @param excluded what counts as not there */
  constructor(root: string, excluded: ExcludeList = new ExcludeList([])) {
    this.root = root;
    this.#excluded = excluded;
  }

  /** @returns undefined when there is no such file @throws InvalidParameter for one that is too long or a directory */
  readText(path: string): string | undefined {
    const real = this.#resolve(path);
    const st = real === undefined ? undefined : this.stat(real);
    if (real === undefined || !st) return undefined;
    if (!st.isFile()) throw invalid(`${path} is no file`);
    if (st.size > MAX_TEXT_BYTES) throw invalid(`${path} is too long`);
    return readFileSync(join(this.root, real), 'utf8');
  }

  stat(real: string): BigIntStats | undefined {
    try {
      return lstatSync(join(this.root, real), { bigint: true, throwIfNoEntry: false });
    } catch (err) {
      // Below a file there is nothing.
      if ((err as NodeJS.ErrnoException).code === 'ENOTDIR') return undefined;
      throw err;
    }
  }

  /** Host path of a real one. */
  hostPath(real: string): string {
    return join(this.root, real);
  }

  linkOf(real: string): string {
    return readlinkSync(join(this.root, real));
  }

  /** Names in a directory that count, in the order of their bytes. */
  names(real: string): string[] {
    return readdirSync(join(this.root, real))
      .filter((name) => this.#excluded.hasExceptions || !this.#excluded.excludes(joined(real, name)))
      .sort();
  }

  isExcluded(real: string): boolean {
    return real !== '' && this.#excluded.excludes(real);
  }

  /**
   * What a source of COPY names, in order. Links on the way and as the last part are followed.
   * @returns nothing for a wildcard that fits nothing
   * @throws InvalidParameter when nothing is there
   */
  select(source: string): ContextPath[] {
    const clean = cleanPath(source);
    if (!hasWildcard(clean)) return [this.at(source)];
    return this.#glob(clean).flatMap((named) => this.#find(named) ?? []);
  }

  /** One path as it is, for mounts: no wildcards. @throws InvalidParameter when nothing is there */
  at(source: string): ContextPath {
    const named = cleanPath(source);
    const found = this.#find(named);
    if (!found) throw invalid(`${JSON.stringify(`/${named}`)}: not found`);
    return found;
  }

  #find(named: string): ContextPath | undefined {
    const real = this.#resolve(named);
    return real === undefined || this.isExcluded(real) || !this.stat(real) ? undefined : { named, real };
  }

  /** Something below the path is there but does not count. */
  hides(real: string): boolean {
    if (this.#excluded.isEmpty || !this.stat(real)?.isDirectory()) return false;
    return readdirSync(join(this.root, real)).some((name) => {
      const path = joined(real, name);
      return this.isExcluded(path) || this.hides(path);
    });
  }

  #glob(pattern: string): string[] {
    const parts = pattern.split('/');
    let found = [''];
    for (const [i, part] of parts.entries()) {
      if (part === '**') {
        const rest = pathPattern(parts.slice(i).join('/'));
        return found.flatMap((base) =>
          this.#below(base).filter((path) => rest.test(base === '' ? path : path.slice(base.length + 1))),
        );
      }
      const matches = pathPattern(part);
      found = found.flatMap((base) => {
        const real = this.#resolve(base);
        if (real === undefined || !this.stat(real)?.isDirectory()) return [];
        return this.names(real)
          .filter((name) => matches.test(name))
          .map((name) => joined(base, name));
      });
    }
    return found;
  }

  #below(base: string): string[] {
    if (!this.stat(base)?.isDirectory()) return [];
    return this.names(base).flatMap((name) => {
      const path = joined(base, name);
      return [path, ...this.#below(path)];
    });
  }

  /** @returns undefined when a part is missing, or links lead round in circles */
  #resolve(path: string): string | undefined {
    const todo = path.split('/');
    const done: string[] = [];
    let links = 0;
    while (todo.length > 0) {
      const part = todo.shift() as string;
      if (part === '' || part === '.') continue;
      if (part === '..') {
        done.pop();
        continue;
      }
      const here = [...done, part].join('/');
      const st = this.stat(here);
      if (!st) return undefined;
      if (!st.isSymbolicLink()) {
        done.push(part);
        continue;
      }
      links += 1;
      if (links > MAX_LINKS) return undefined;
      const target = this.linkOf(here);
      if (target.startsWith('/')) done.length = 0;
      todo.unshift(...target.split('/'));
    }
    return done.join('/');
  }
}
