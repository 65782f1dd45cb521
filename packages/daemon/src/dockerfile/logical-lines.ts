/**
 * A Dockerfile's text as logical lines: comments out, continuations joined. A comment line and an empty line inside a
 * continuation do not end it. @see Dockerfile reference, "Format" and "escape"
 */
import { DockerfileError, type Location } from './errors.ts';

/** Docker's scanner refuses more, and a limit keeps a hostile file from growing a single instruction without bound. */
const MAX_LINE_BYTES = 65_535;

export interface LogicalLine extends Location {
  text: string;
  /** Comments right above, without `# `, as descriptions of stages and ARGs use them. */
  comments: string[];
  /** Line numbers of blank lines inside it. */
  emptyContinuations: number[];
}

/** Splits into physical lines; CRLF and a byte order mark are gone. @throws DockerfileError for a line too long */
export function physicalLines(text: string): string[] {
  const lines = text.replace(/^\uFEFF/, '').split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.map((line, i) => {
    if (line.length > MAX_LINE_BYTES)
      throw new DockerfileError('dockerfile line greater than maximum allowed size of 65535', at(i));
    return line.endsWith('\r') ? line.slice(0, -1) : line;
  });
}

const at = (index: number): Location => ({ startLine: index + 1, endLine: index + 1 });

/** Reads logical lines one by one, so that heredoc bodies can be taken from between them. */
export class LineReader {
  readonly #lines: readonly string[];
  readonly #continuation: RegExp;
  #next = 0;

  /** @param escapeToken `\` or `` ` `` */
  constructor(lines: readonly string[], escapeToken: string) {
    this.#lines = lines;
    const e = escapeToken === '\\' ? '\\\\' : '`';
    this.#continuation = new RegExp(`(?<!${e})${e}[ \\t]*$`);
  }

  /** The next instruction's line; undefined at the end of the file. */
  next(): LogicalLine | undefined {
    let comments: string[] = [];
    while (this.#next < this.#lines.length) {
      const line = (this.#lines[this.#next] as string).trimStart();
      if (line === '') comments = [];
      else if (line.startsWith('#')) comments.push(line.slice(1).trim());
      else return this.#join(comments);
      this.#next += 1;
    }
    return undefined;
  }

  /** The next physical line as it stands, for heredocs; undefined at the end of the file. */
  raw(): string | undefined {
    return this.#lines[this.#next++];
  }

  /** Lines read so far. */
  get position(): number {
    return this.#next;
  }

  #join(comments: string[]): LogicalLine {
    const startLine = this.#next + 1;
    const emptyContinuations: number[] = [];
    let text = '';
    let first = true;
    let more = true;
    while (more && this.#next < this.#lines.length) {
      const line = this.#lines[this.#next++] as string;
      if (!first) {
        const blank = line.trim();
        if (blank === '') {
          emptyContinuations.push(this.#next);
          continue;
        }
        if (blank.startsWith('#')) continue;
      }
      const part = first ? line.trimStart() : line;
      first = false;
      const match = this.#continuation.exec(part);
      more = match !== null;
      text += match ? part.slice(0, match.index) : part;
    }
    return { text: text.trimEnd(), startLine, endLine: this.#next, comments, emptyContinuations };
  }
}
