/** Reads Go's text/template. */
import type { Command, Expression, Node, Pipe, Template } from './ast.ts';
import { lex, TemplateSyntaxError, type Token, type TokenKind } from './lex.ts';
import { parseNumber, unquoteChar, unquoteString } from './literals.ts';

/** @throws TemplateSyntaxError. @param functions names that may be called */
export function parseTemplate(source: string, functions: ReadonlySet<string>, name = ''): Template {
  try {
    return { name, ...new Parser(source, functions).parse() };
  } catch (err) {
    if (err instanceof TemplateSyntaxError) err.message = `template: ${name}:${err.message}`;
    throw err;
  }
}

class Parser {
  readonly #source: string;
  readonly #tokens: Token[];
  readonly #functions: ReadonlySet<string>;
  readonly #named = new Map<string, Node[]>();
  #at = 0;
  #variables = ['$'];
  #rangeDepth = 0;

  constructor(source: string, functions: ReadonlySet<string>) {
    this.#source = source;
    this.#functions = functions;
    this.#tokens = lex(source);
  }

  parse(): Omit<Template, 'name'> {
    const { nodes, stop } = this.#list();
    if (stop !== 'EOF') throw this.#error(`unexpected {{${stop}}}`);
    return { source: this.#source, root: nodes, named: this.#named };
  }

  /** Nodes up to the action that ends them: `end`, `else` or the end of the text. */
  #list(): { nodes: Node[]; stop: 'end' | 'else' | 'EOF' } {
    const nodes: Node[] = [];
    for (;;) {
      const token = this.#next();
      if (token.kind === 'end') return { nodes, stop: 'EOF' };
      if (token.kind === 'text') {
        nodes.push({ kind: 'text', text: token.text });
        continue;
      }
      this.#space();
      const word = this.#peek();
      if (word.kind === 'identifier' && (word.text === 'end' || word.text === 'else')) {
        this.#next();
        if (word.text === 'end') this.#right('end');
        return { nodes, stop: word.text };
      }
      const node = this.#action(word);
      if (node) nodes.push(node);
    }
  }

  #action(word: Token): Node | undefined {
    const keyword = word.kind === 'identifier' ? word.text : '';
    if (keyword === 'if' || keyword === 'with' || keyword === 'range') {
      this.#next();
      return this.#control(keyword);
    }
    if (keyword === 'define' || keyword === 'block' || keyword === 'template') {
      this.#next();
      return this.#naming(keyword, word.pos);
    }
    if ((keyword === 'break' || keyword === 'continue') && this.#rangeDepth > 0) {
      this.#next();
      this.#right(keyword);
      return { kind: keyword };
    }
    const pipe = this.#pipe('command', 'right');
    return { kind: 'action', pipe };
  }

  #control(kind: 'if' | 'with' | 'range'): Node {
    const scope = this.#variables.length;
    const pipe = this.#pipe(kind, 'right', kind === 'range');
    if (kind === 'range') this.#rangeDepth++;
    const body = this.#list();
    if (kind === 'range') this.#rangeDepth--;
    let otherwise: Node[] = [];
    if (body.stop === 'else') otherwise = this.#otherwise(kind);
    else if (body.stop === 'EOF') throw this.#error('unexpected EOF');
    this.#variables.length = scope;
    return { kind, pipe, body: body.nodes, otherwise };
  }

  /** Behind `else`: a list to `end`, or `if` / `with` again, which shares the one `end`. */
  #otherwise(kind: 'if' | 'with' | 'range'): Node[] {
    this.#space();
    const word = this.#peek();
    if (word.kind === 'identifier' && word.text === kind && kind !== 'range') {
      this.#next();
      return [this.#control(kind)];
    }
    this.#right('else');
    const list = this.#list();
    if (list.stop === 'EOF') throw this.#error('unexpected EOF');
    if (list.stop === 'else') throw this.#error('expected end; found {{else}}');
    return list.nodes;
  }

  #naming(kind: 'define' | 'block' | 'template', pos: number): Node | undefined {
    this.#space();
    const token = this.#next();
    if (token.kind !== 'string') throw this.#error(`unexpected ${shown(token)} in ${kind} clause`);
    const name = unquoteString(token.text);
    if (kind === 'template') {
      this.#space();
      if (this.#peek().kind === 'right') {
        this.#next();
        return { kind: 'template', name, pos };
      }
      return { kind: 'template', name, pos, pipe: this.#pipe('template clause', 'right') };
    }
    const pipe = kind === 'block' ? this.#pipe('block clause', 'right') : undefined;
    if (kind === 'define') this.#right('define clause');
    const outer = this.#variables;
    this.#variables = ['$'];
    const list = this.#list();
    this.#variables = outer;
    if (list.stop !== 'end') throw this.#error(`unexpected {{${list.stop}}} in ${kind} clause`);
    this.#named.set(name, list.nodes);
    return pipe ? { kind: 'template', name, pos, pipe } : undefined;
  }

  #pipe(context: string, until: 'right' | 'close', isRange = false): Pipe {
    this.#space();
    const pos = this.#peek().pos;
    const { variables, assigns } = this.#declarations(context, isRange);
    const commands: Command[] = [];
    for (;;) {
      this.#space();
      const token = this.#peek();
      if (token.kind === until) break;
      if (token.kind === 'right' || token.kind === 'close' || token.kind === 'end')
        throw this.#unexpected(token, context);
      commands.push(this.#command(context));
      if (commands.length > 1 && ['literal', 'dot', 'nil'].includes(commands.at(-1)!.args[0]!.kind)) {
        throw this.#error(`non executable command in pipeline stage ${commands.length}`);
      }
    }
    const end = this.#next();
    if (commands.length === 0) throw this.#error(`missing value for ${context}`);
    for (const name of assigns ? [] : variables) this.#variables.push(name);
    return { variables, assigns, commands, pos, text: this.#source.slice(pos, end.pos).trim() };
  }

  /** `$x :=`, `$k, $v :=` (range only), `$x =` */
  #declarations(context: string, isRange: boolean): { variables: string[]; assigns: boolean } {
    const start = this.#at;
    const variables: string[] = [];
    for (;;) {
      this.#space();
      const token = this.#next();
      if (token.kind !== 'variable') break;
      variables.push(token.text);
      this.#space();
      const after = this.#next();
      if (after.kind === 'comma' && isRange && variables.length < 2) continue;
      if (after.kind !== 'declare' && after.kind !== 'assign') break;
      if (after.kind === 'assign') for (const name of variables) this.#known(name);
      if (variables.length > 1 && !isRange) throw this.#error(`too many declarations in ${context}`);
      return { variables, assigns: after.kind === 'assign' };
    }
    this.#at = start;
    return { variables: [], assigns: false };
  }

  #command(context: string): Command {
    const pos = this.#peek().pos;
    const args: Expression[] = [];
    let end = pos;
    for (;;) {
      this.#space();
      const token = this.#peek();
      if (['right', 'close', 'pipe', 'end'].includes(token.kind)) break;
      args.push(this.#operand(context));
      end = this.#tokens[this.#at - 1]!.pos + this.#tokens[this.#at - 1]!.text.length;
      const next = this.#peek();
      if (!['space', 'right', 'close', 'pipe'].includes(next.kind)) throw this.#unexpected(next, 'operand');
    }
    if (this.#peek().kind === 'pipe') {
      const pipe = this.#next();
      this.#space();
      if (['right', 'close', 'pipe'].includes(this.#peek().kind)) throw this.#error(`missing value for ${context}`);
      if (args.length === 0) throw this.#unexpected(pipe, context);
    }
    return { args, pos, text: this.#source.slice(pos, end) };
  }

  /** A term and the fields behind it. */
  #operand(context: string): Expression {
    const term = this.#term(context);
    const names: string[] = [];
    const pos = this.#peek().pos;
    while (this.#peek().kind === 'field') names.push(this.#next().text.slice(1));
    if (names.length === 0) return term;
    const text = `${term.text}.${names.join('.')}`;
    if (term.kind === 'field') return { ...term, names: [...term.names, ...names], pos, text };
    if (term.kind === 'variable') return { ...term, names: [...term.names, ...names], pos, text };
    if (term.kind === 'literal' || term.kind === 'nil')
      throw this.#error(`unexpected . after term ${JSON.stringify(term.text)}`);
    return { kind: 'chain', base: term, names, pos, text };
  }

  #term(context: string): Expression {
    const token = this.#next();
    const { pos, text } = token;
    switch (token.kind) {
      case 'field':
        return { kind: 'field', names: [text.slice(1)], pos, text };
      case 'dot':
        return { kind: 'dot', pos, text };
      case 'variable':
        this.#known(text);
        return { kind: 'variable', name: text, names: [], pos, text };
      case 'string':
        return { kind: 'literal', value: unquoteString(text), pos, text };
      case 'char':
        return { kind: 'literal', value: unquoteChar(text), pos, text };
      case 'number':
        return { kind: 'literal', value: this.#number(text), pos, text };
      case 'open': {
        const pipe = this.#pipe('parenthesized pipeline', 'close');
        return { kind: 'pipe', pipe, pos, text: `(${pipe.text})` };
      }
      case 'identifier':
        return this.#word(token);
      default:
        throw this.#unexpected(token, context);
    }
  }

  #word({ text, pos }: Token): Expression {
    if (text === 'true' || text === 'false') return { kind: 'literal', value: text === 'true', pos, text };
    if (text === 'nil') return { kind: 'nil', pos, text };
    if (!this.#functions.has(text)) throw this.#error(`function ${JSON.stringify(text)} not defined`);
    return { kind: 'function', name: text, pos, text };
  }

  #number(text: string): number {
    const value = parseNumber(text);
    if (value === undefined) throw this.#error(`bad number syntax: ${JSON.stringify(text)}`);
    return value;
  }

  #known(name: string): void {
    if (!this.#variables.includes(name)) throw this.#error(`undefined variable ${JSON.stringify(name)}`);
  }
  #right(context: string): void {
    this.#space();
    const token = this.#next();
    if (token.kind !== 'right') throw this.#unexpected(token, context);
  }
  #space(): void {
    while (this.#peek().kind === 'space') this.#at++;
  }
  #peek(): Token {
    return this.#tokens[this.#at] ?? this.#tokens.at(-1)!;
  }
  #next(): Token {
    const token = this.#peek();
    if (this.#at < this.#tokens.length) this.#at++;
    return token;
  }
  #error(message: string): TemplateSyntaxError {
    return new TemplateSyntaxError(this.#source, this.#peek().pos, message);
  }
  #unexpected(token: Token, context: string): TemplateSyntaxError {
    return this.#error(`unexpected ${shown(token)} in ${context}`);
  }
}

const BARE: readonly TokenKind[] = ['end'];

/** `<.Name>` for names, quoted for the rest, as Go prints tokens. */
function shown(token: Token): string {
  if (BARE.includes(token.kind)) return token.text;
  const keyword = /^(if|else|end|range|with|define|block|template|break|continue|nil)$/.test(token.text);
  return keyword ? `<${token.text}>` : JSON.stringify(token.text);
}
