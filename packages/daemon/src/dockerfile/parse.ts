/**
 * A Dockerfile's text as a list of statements: keyword, flags, arguments, heredocs, lines. What an instruction's
 * arguments mean is for `instructions/`.
 * @see Dockerfile reference
 */
import { type Directives, parseDirectives } from './directives.ts';
import { DockerfileError, invalid, type Location } from './errors.ts';
import { type Heredoc, readHeredocs } from './heredoc.ts';
import { LineReader, physicalLines } from './logical-lines.ts';
import { nearest } from './suggest.ts';

export interface Statement extends Location {
  /** Upper case. */
  keyword: string;
  /** As it was written, for the casing check. */
  spelling: string;
  /** `--name=value` words, quotes gone. */
  flags: string[];
  /** What follows the flags. */
  args: string;
  /** The arguments when they are a JSON list of strings. */
  json?: string[];
  heredocs: Heredoc[];
  /** The whole line, continuations joined, with the bodies of heredocs. */
  original: string;
  comments: string[];
  emptyContinuations: number[];
}

export interface Dockerfile {
  directives: Directives;
  statements: Statement[];
  /** Physical lines, for showing where a step failed. */
  lines: string[];
}

export const KEYWORDS: ReadonlySet<string> = new Set([
  'ADD',
  'ARG',
  'CMD',
  'COPY',
  'ENTRYPOINT',
  'ENV',
  'EXPOSE',
  'FROM',
  'HEALTHCHECK',
  'LABEL',
  'MAINTAINER',
  'ONBUILD',
  'RUN',
  'SHELL',
  'STOPSIGNAL',
  'USER',
  'VOLUME',
  'WORKDIR',
]);

const TAKES_JSON: ReadonlySet<string> = new Set(['ADD', 'CMD', 'COPY', 'ENTRYPOINT', 'RUN', 'SHELL', 'VOLUME']);
const TAKES_HEREDOCS: ReadonlySet<string> = new Set(['ADD', 'COPY', 'RUN']);
const TAKES_FLAGS: ReadonlySet<string> = new Set(['ADD', 'COPY', 'FROM', 'HEALTHCHECK', 'RUN']);

/** @throws DockerfileError */
export function parseDockerfile(text: string): Dockerfile {
  const lines = physicalLines(text);
  const directives = parseDirectives(lines);
  const reader = new LineReader(lines, directives.escape);
  const statements: Statement[] = [];
  for (let line = reader.next(); line; line = reader.next()) {
    const { startLine, endLine, comments, emptyContinuations } = line;
    const place = { startLine, endLine };
    const statement = located(place, () => parseStatement(line.text, directives.escape));
    const inner = statement.keyword === 'ONBUILD' ? /^\S*/.exec(statement.args)?.[0].toUpperCase() : statement.keyword;
    const heredocs =
      inner && TAKES_HEREDOCS.has(inner) && !statement.json
        ? readHeredocs(statement.args, directives.escape, reader, place)
        : [];
    const bodies = heredocs.map((h) => `${h.content}${h.name}`);
    statements.push({
      ...statement,
      heredocs,
      startLine,
      endLine: Math.max(endLine, reader.position),
      original: [line.text, ...bodies].join('\n'),
      comments,
      emptyContinuations,
    });
  }
  if (statements.length === 0) throw invalid('file with no instructions');
  return { directives, statements, lines };
}

/** One statement without heredocs, as ONBUILD triggers and `--change` are. @throws InvalidParameter */
export function parseStatement(
  text: string,
  escapeToken: string,
): Pick<Statement, 'keyword' | 'spelling' | 'flags' | 'args' | 'json'> {
  const spelling = /^\S+/.exec(text)?.[0] ?? '';
  const keyword = spelling.toUpperCase();
  if (!KEYWORDS.has(keyword)) throw invalid(`unknown instruction: ${spelling}${didYouMean(keyword)}`);
  const rest = text.slice(spelling.length).trim();
  const { flags, args } = TAKES_FLAGS.has(keyword) ? takeFlags(rest, escapeToken) : { flags: [], args: rest };
  const json = TAKES_JSON.has(keyword) ? jsonList(args) : undefined;
  return { keyword, spelling, flags, args, ...(json && { json }) };
}

/** Runs `parse`, giving what it throws the line. */
export function located<T>(location: Location, parse: () => T): T {
  try {
    return parse();
  } catch (err) {
    if (err instanceof DockerfileError || !(err instanceof Error)) throw err;
    throw new DockerfileError(err.message, location);
  }
}

/** A list of strings in JSON; undefined when it is not JSON at all. @throws InvalidParameter for a list of other things */
export function jsonList(text: string): string[] | undefined {
  if (!text.startsWith('[')) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(value)) return undefined;
  if (!value.every((item) => typeof item === 'string'))
    throw invalid('only string type is allowed in JSON form of arrays');
  return value;
}

/** Words with `--` in front of the first that has none; `--` alone ends them. */
function takeFlags(text: string, escapeToken: string): { flags: string[]; args: string } {
  const flags: string[] = [];
  let i = 0;
  for (;;) {
    while (/\s/.test(text[i] ?? '')) i += 1;
    if (!text.startsWith('--', i)) break;
    let word = '';
    let quote = '';
    for (; i < text.length; i++) {
      const c = text[i] as string;
      if (!quote && /\s/.test(c)) break;
      if (c === escapeToken && quote !== "'" && i + 1 < text.length) word += text[++i];
      else if (quote && c === quote) quote = '';
      else if (!quote && (c === '"' || c === "'")) quote = c;
      else word += c;
    }
    if (word === '--') break;
    flags.push(word);
  }
  return { flags, args: text.slice(i).trim() };
}

/** ` (did you mean RUN?)` for a word one or two letters off. */
function didYouMean(word: string): string {
  const best = nearest(word, KEYWORDS);
  return best ? ` (did you mean ${best}?)` : '';
}
