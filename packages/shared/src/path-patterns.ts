/**
 * Patterns of paths as Dockerfiles and .dockerignore write them: Go's path matching (`*`, `?`, `[a-z]`, `\x`) and `**` for
 * any number of directories. @see Dockerfile reference, ".dockerignore file"
 */

/** @throws SyntaxError for a bracket that does not end or a range that is none */
export function pathPattern(pattern: string): RegExp {
  return new RegExp(`^${source(pattern)}$`, 'su');
}

export function hasWildcard(text: string): boolean {
  return /[*?[\\]/.test(text);
}

function source(pattern: string): string {
  let out = '';
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern[i] as string;
    if (c === '*' && pattern[i + 1] === '*') {
      i += 1;
      if (pattern[i + 1] === '/') i += 1;
      // At the end: everything below; before more: any directories, none included.
      out += i + 1 >= pattern.length ? '.*' : '(?:.*/)?';
    } else if (c === '*') out += '[^/]*';
    else if (c === '?') out += '[^/]';
    else if (c === '[') {
      const end = closing(pattern, i);
      out += bracket(pattern.slice(i + 1, end));
      i = end;
    } else if (c === '\\' && i + 1 < pattern.length) out += literal(pattern[++i] as string);
    else out += literal(c);
  }
  return out;
}

function closing(pattern: string, open: number): number {
  for (let i = open + 1; i < pattern.length; i++) {
    if (pattern[i] === '\\') i += 1;
    else if (pattern[i] === ']' && i > open + 1) return i;
  }
  throw new SyntaxError('syntax error in pattern');
}

function bracket(text: string): string {
  const negated = text.startsWith('^');
  const inner = (negated ? text.slice(1) : text).replace(/\\(.)|[[\]^&|~]/gs, (all, escaped?: string) =>
    escaped === undefined ? `\\${all}` : literal(escaped),
  );
  return `[${negated ? '^/' : ''}${inner}]`;
}

const literal = (c: string): string => c.replace(/[\\^$.*+?()[\]{}|/-]/, '\\$&');

interface Rule {
  pattern: RegExp;
  keep: boolean;
}

/** What a list of patterns leaves out. */
export class ExcludeList {
  readonly #rules: Rule[];
  /** There is a `!` rule: something below an excluded directory may be kept. */
  readonly hasExceptions: boolean;

  /** @param lines of a file; comments and blank ones count for nothing @throws SyntaxError naming the pattern */
  constructor(lines: readonly string[]) {
    this.#rules = lines.flatMap((line) => rule(line) ?? []);
    this.hasExceptions = this.#rules.some((r) => r.keep);
  }

  get isEmpty(): boolean {
    return this.#rules.length === 0;
  }

  /** @param path relative, `/` between names. The last rule that fits it, or a directory it is in, decides. */
  excludes(path: string): boolean {
    const parts = path.split('/');
    const paths = parts.map((_, i) => parts.slice(0, i + 1).join('/'));
    let excluded = false;
    for (const { pattern, keep } of this.#rules) {
      if (excluded !== keep) continue;
      if (paths.some((p) => pattern.test(p))) excluded = !keep;
    }
    return excluded;
  }
}

function rule(line: string): Rule | undefined {
  if (line.startsWith('#')) return undefined;
  let text = line.trim();
  const keep = text.startsWith('!');
  if (keep) text = text.slice(1).trim();
  const clean = cleaned(text);
  if (text === '' || clean === '') return undefined;
  try {
    return { pattern: pathPattern(clean), keep };
  } catch (err) {
    throw new SyntaxError(`${JSON.stringify(line)}: ${(err as Error).message}`, { cause: err });
  }
}

/** Without `.`, `..`, doubled and outer slashes. */
function cleaned(path: string): string {
  const out: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') out.pop();
    else out.push(part);
  }
  return out.join('/');
}
