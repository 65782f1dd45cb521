/** Tokens of Go's text/template. Positions are character offsets; Go counts bytes, which differs only behind non-ASCII. */
export type TokenKind =
  | 'text'
  | 'left'
  | 'right'
  | 'space'
  | 'field'
  | 'variable'
  | 'identifier'
  | 'string'
  | 'number'
  | 'char'
  | 'dot'
  | 'pipe'
  | 'open'
  | 'close'
  | 'declare'
  | 'assign'
  | 'comma'
  | 'end';

export interface Token {
  kind: TokenKind;
  /** As written; for text, after trimming. */
  text: string;
  pos: number;
}

/** What cannot be read as a template; the message is Go's, behind `template: NAME:`. */
export class TemplateSyntaxError extends Error {
  constructor(source: string, pos: number, message: string) {
    super(`${source.slice(0, pos).split('\n').length}: ${message}`);
  }
}

const RULES: readonly [TokenKind, RegExp][] = [
  ['space', /[ \t\r\n]+/y],
  ['declare', /:=/y],
  ['assign', /=/y],
  ['pipe', /\|/y],
  ['open', /\(/y],
  ['close', /\)/y],
  ['comma', /,/y],
  ['string', /"(?:[^"\\\n]|\\.)*"|`[^`]*`/y],
  ['char', /'(?:[^'\\\n]|\\.)+'/y],
  ['number', /[+-]?(?:0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)/y],
  ['field', /\.[\p{L}_][\p{L}\p{N}_]*/uy],
  ['dot', /\./y],
  ['variable', /\$[\p{L}\p{N}_]*/uy],
  ['identifier', /[\p{L}_][\p{L}\p{N}_]*/uy],
];

/** @throws TemplateSyntaxError */
export function lex(source: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let trimNext = false;
  while (at < source.length) {
    const open = source.indexOf('{{', at);
    let text = source.slice(at, open < 0 ? undefined : open);
    if (trimNext) text = text.trimStart();
    const trimsBefore = open >= 0 && /^-[ \t\r\n]/.test(source.slice(open + 2, open + 4));
    if (trimsBefore) text = text.trimEnd();
    if (text !== '') tokens.push({ kind: 'text', text, pos: at });
    if (open < 0) break;
    const inside = open + (trimsBefore ? 3 : 2);
    const comment = /[ \t\r\n]*\/\*/y;
    comment.lastIndex = inside;
    const end = comment.test(source) ? skipComment(source, comment.lastIndex) : lexAction(source, open, inside, tokens);
    trimNext = end.trims;
    at = end.at;
  }
  tokens.push({ kind: 'end', text: 'EOF', pos: source.length });
  return tokens;
}

function skipComment(source: string, from: number): { at: number; trims: boolean } {
  const close = source.indexOf('*/', from);
  if (close < 0) throw new TemplateSyntaxError(source, from, 'unclosed comment');
  const match = /^(?:[ \t\r\n]+-)?\}\}/.exec(source.slice(close + 2));
  if (!match) throw new TemplateSyntaxError(source, close, 'comment ends before closing delimiter');
  return { at: close + 2 + match[0].length, trims: match[0].includes('-') };
}

function lexAction(source: string, open: number, from: number, tokens: Token[]): { at: number; trims: boolean } {
  tokens.push({ kind: 'left', text: '{{', pos: open });
  let depth = 0;
  let at = from;
  for (;;) {
    const close = /^(?:[ \t\r\n]+-)?\}\}/.exec(source.slice(at, at + 64)) ?? /^[ \t\r\n]+-\}\}/.exec(source.slice(at));
    if (close) {
      if (depth > 0) throw new TemplateSyntaxError(source, at, 'unclosed left paren');
      tokens.push({ kind: 'right', text: '}}', pos: at });
      return { at: at + close[0].length, trims: close[0].includes('-') };
    }
    if (at >= source.length) throw new TemplateSyntaxError(source, at, 'unclosed action');
    const token = nextToken(source, at);
    if (token.kind === 'open') depth++;
    if (token.kind === 'close' && --depth < 0) throw new TemplateSyntaxError(source, at, 'unexpected right paren');
    tokens.push(token);
    at += token.text.length;
  }
}

function nextToken(source: string, at: number): Token {
  for (const [kind, rule] of RULES) {
    rule.lastIndex = at;
    const match = rule.exec(source);
    if (match) return { kind, text: match[0], pos: at };
  }
  const char = String.fromCodePoint(source.codePointAt(at)!);
  if (char === '"') throw new TemplateSyntaxError(source, at, 'unterminated quoted string');
  if (char === '`') throw new TemplateSyntaxError(source, at, 'unterminated raw quoted string');
  if (char === "'") throw new TemplateSyntaxError(source, at, 'unterminated character constant');
  const code = char.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0');
  throw new TemplateSyntaxError(source, at, `unexpected bad character U+${code} '${char}' in command`);
}
