/**
 * Expansion of words: quotes and escapes removed, variables put in. The rules are a shell's, the reach is not: there is
 * no command substitution and no globbing of files.
 * @see Dockerfile reference, "Environment replacement"
 */
import { invalid } from './errors.ts';
import { shellGlob } from './glob.ts';

export interface Expansion {
  value: string;
  /** The value split at blanks outside quotes, for instructions that take several words from one variable. */
  words: string[];
  /** Variables that were asked for and are not set. */
  unset: string[];
}

/** The value of a variable; undefined when it is not set. */
export type Lookup = (name: string) => string | undefined;

export interface ExpandOptions {
  lookup: Lookup;
  /** `\` or `` ` ``. */
  escape: string;
  /** Quotes are text, as in the body of a heredoc. */
  keepQuotes?: boolean;
}

/** A word could name itself many times over; Docker has no such limit and takes the memory. */
const MAX_EXPANDED = 8 << 20;

/** @throws InvalidParameter for a bad substitution, an open quote and `${v:?message}` */
export function expand(text: string, opts: ExpandOptions): Expansion {
  return new Lexer(text, opts).run();
}

class Lexer {
  readonly #text: string;
  readonly #opts: ExpandOptions;
  readonly #words: string[] = [];
  readonly #unset: string[] = [];
  #at = 0;
  #value = '';
  #word: string | undefined;

  constructor(text: string, opts: ExpandOptions) {
    this.#text = text;
    this.#opts = opts;
  }

  run(): Expansion {
    while (this.#at < this.#text.length) {
      const c = this.#text[this.#at] as string;
      if (c === "'" && !this.#opts.keepQuotes) this.#singleQuoted();
      else if (c === '"' && !this.#opts.keepQuotes) this.#doubleQuoted();
      else if (c === '$') this.#splitting(this.#dollar());
      else if (c === this.#opts.escape) this.#escaped();
      else {
        this.#at += 1;
        this.#splitting(c);
      }
    }
    this.#endWord();
    return { value: this.#value, words: this.#words, unset: this.#unset };
  }

  /** Text whose blanks end a word. */
  #splitting(text: string): void {
    this.#grow(text);
    for (const part of text.split(/([ \t\n\r]+)/)) {
      if (/^[ \t\n\r]/.test(part)) this.#endWord();
      else if (part !== '') this.#word = (this.#word ?? '') + part;
    }
  }

  #literal(text: string): void {
    this.#grow(text);
    this.#word = (this.#word ?? '') + text;
  }

  #grow(text: string): void {
    if (this.#value.length + text.length > MAX_EXPANDED) throw invalid('expanded value is too long');
    this.#value += text;
  }

  #endWord(): void {
    if (this.#word !== undefined) this.#words.push(this.#word);
    this.#word = undefined;
  }

  #singleQuoted(): void {
    const end = this.#text.indexOf("'", this.#at + 1);
    if (end < 0) throw unterminated();
    this.#literal(this.#text.slice(this.#at + 1, end));
    this.#at = end + 1;
  }

  #doubleQuoted(): void {
    this.#literal('');
    this.#at += 1;
    for (;;) {
      const c = this.#text[this.#at];
      if (c === undefined) throw unterminated();
      if (c === '"') break;
      if (c === '$') this.#literal(this.#dollar());
      else if (c === this.#opts.escape) {
        const next = this.#text[this.#at + 1];
        if (next === undefined) throw unterminated();
        // Inside double quotes only these lose their meaning; before others the escape stands for itself.
        this.#literal(next === '"' || next === '$' || next === this.#opts.escape ? next : c + next);
        this.#at += 2;
      } else {
        this.#literal(c);
        this.#at += 1;
      }
    }
    this.#at += 1;
  }

  #escaped(): void {
    const next = this.#text[this.#at + 1];
    this.#at += 2;
    if (next === undefined) return;
    // In a heredoc the escape only keeps a variable from being one.
    if (this.#opts.keepQuotes && next !== '$' && next !== this.#opts.escape) this.#literal(this.#opts.escape + next);
    else this.#literal(next);
  }

  /** Reads `$name`, `${...}`; stands behind it afterwards. */
  #dollar(): string {
    const rest = this.#text.slice(this.#at);
    const plain = /^\$([A-Za-z_][A-Za-z0-9_]*|[0-9@*#?\-$!])/.exec(rest);
    if (plain) {
      this.#at += plain[0].length;
      return this.#lookup(plain[1] as string) ?? this.#missing(plain[1] as string);
    }
    if (rest[1] !== '{') {
      this.#at += 1;
      return '$';
    }
    return this.#braced();
  }

  #braced(): string {
    const start = this.#at;
    const head = /^\$\{([A-Za-z_][A-Za-z0-9_]*|[0-9]+|[@*#?\-$!])/.exec(this.#text.slice(start));
    if (!head) throw invalid(`failed to process "${this.#text}": syntax error: bad substitution`);
    const name = head[1] as string;
    this.#at += head[0].length;
    const next = this.#text[this.#at];
    if (next === undefined) throw invalid(`failed to process "${this.#text}": syntax error: missing '}'`);
    if (next === '}') {
      this.#at += 1;
      return this.#lookup(name) ?? this.#missing(name);
    }
    const colon = next === ':';
    const operator = (colon ? this.#text[this.#at + 1] : next) ?? '';
    this.#at += colon ? 2 : 1;
    if ('+-?'.includes(operator) && operator !== '') return this.#alternative(name, operator, colon);
    if (!colon && (operator === '#' || operator === '%')) return this.#cut(name, operator);
    if (!colon && operator === '/') return this.#replace(name);
    throw invalid(
      `failed to process "${this.#text}": unsupported modifier (${colon ? ':' : ''}${operator}) in substitution`,
    );
  }

  #alternative(name: string, operator: string, colon: boolean): string {
    const word = this.#until('}');
    const value = this.#lookup(name);
    const given = value !== undefined && !(colon && value === '');
    if (operator === '+') return given ? this.#nested(word) : '';
    if (given) return value;
    if (operator === '-') return this.#nested(word);
    const message =
      this.#nested(word) || (colon ? 'is not allowed to be unset or empty' : 'is not allowed to be unset');
    throw invalid(`failed to process "${this.#text}": ${name}: ${message}`);
  }

  #cut(name: string, operator: string): string {
    const greedy = this.#text[this.#at] === operator;
    if (greedy) this.#at += 1;
    const pattern = this.#nested(this.#until('}'), true);
    const value = this.#lookup(name) ?? this.#missing(name);
    if (operator === '#') return value.replace(shellGlob(pattern, { greedy, anchor: 'start' }), '');
    return cutSuffix(value, pattern, greedy);
  }

  #replace(name: string): string {
    const all = this.#text[this.#at] === '/';
    if (all) this.#at += 1;
    const pattern = this.#nested(this.#until('/'), true);
    const replacement = this.#nested(this.#until('}'));
    const value = this.#lookup(name) ?? this.#missing(name);
    const glob = shellGlob(pattern, { greedy: true, anchor: 'none' });
    return value.replace(all ? new RegExp(glob.source, 'gu') : glob, () => replacement);
  }

  /** The text up to an `end` that is not quoted, escaped or inside a nested `${}`; stands behind it afterwards. */
  #until(end: string): string {
    const start = this.#at;
    let depth = 0;
    for (; this.#at < this.#text.length; this.#at++) {
      const c = this.#text[this.#at] as string;
      if (c === this.#opts.escape) this.#at += 1;
      else if (c === "'" || c === '"') {
        const close = this.#text.indexOf(c, this.#at + 1);
        if (close < 0) throw unterminated();
        this.#at = close;
      } else if (c === '$' && this.#text[this.#at + 1] === '{') depth += 1;
      else if (depth > 0 && c === '}') depth -= 1;
      else if (depth === 0 && c === end) {
        this.#at += 1;
        return this.#text.slice(start, this.#at - 1);
      }
    }
    throw invalid(`failed to process "${this.#text}": syntax error: missing '${end}' in substitution`);
  }

  /** @param keepEscapes the result is a glob: its escapes are the glob's */
  #nested(text: string, keepEscapes = false): string {
    const source = keepEscapes
      ? text.replaceAll(`${this.#opts.escape}`, `${this.#opts.escape}${this.#opts.escape}`)
      : text;
    const { value, unset } = new Lexer(source, this.#opts).run();
    this.#unset.push(...unset);
    return value;
  }

  #lookup(name: string): string | undefined {
    return this.#opts.lookup(name);
  }

  #missing(name: string): string {
    this.#unset.push(name);
    return '';
  }
}

/** A regular expression anchored at the end finds the leftmost match, which is the longest; the shortest needs a search. */
function cutSuffix(value: string, pattern: string, greedy: boolean): string {
  const whole = new RegExp(`^${shellGlob(pattern, { greedy: true, anchor: 'end' }).source}`, 'u');
  const starts = Array.from({ length: value.length + 1 }, (_, i) => i);
  for (const start of greedy ? starts : starts.reverse()) {
    if (whole.test(value.slice(start))) return value.slice(0, start);
  }
  return value;
}

function unterminated() {
  return invalid('unexpected end of statement while looking for matching quote');
}
