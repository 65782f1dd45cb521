/** Go's fmt.Sprintf for the values templates have. */
import { textOf, typeName } from './values.ts';

const DIRECTIVE = /%([-+# 0]*)(\*|\d+)?(?:\.(\*|\d+)?)?([a-zA-Z%])?/g;

interface Directive {
  flags: string;
  width: number;
  precision: number | undefined;
  verb: string;
}

/** Wrong verbs and counts are printed as Go prints them: `%!d(string=x)`, `%!s(MISSING)`, `%!(EXTRA int=1)`. */
export function formatGo(format: string, args: readonly unknown[]): string {
  let used = 0;
  const star = (): number => (typeof args[used] === 'number' ? (args[used++] as number) : 0);
  const text = format.replace(
    DIRECTIVE,
    (whole: string, flags: string, width?: string, precision?: string, verb?: string) => {
      const hasPrecision = /\.[^a-zA-Z]*[a-zA-Z%]?$/.test(whole) && whole.includes('.');
      let signed = flags;
      let columns = width === '*' ? star() : Number(width ?? 0);
      if (columns < 0) {
        signed += '-';
        columns = -columns;
      }
      const digits = precision === '*' ? star() : hasPrecision ? Number(precision ?? 0) : undefined;
      if (verb === undefined) return '%!(NOVERB)';
      if (verb === '%') return '%';
      if (used >= args.length) return `%!${verb}(MISSING)`;
      return pad(
        one({ flags: signed, width: columns, precision: digits, verb }, args[used++]),
        signed,
        columns,
        args[used - 1],
        verb,
      );
    },
  );
  if (used >= args.length) return text;
  const extra = args.slice(used).map((arg) => `${typeName(arg)}=${textOf(arg)}`);
  return `${text}%!(EXTRA ${extra.join(', ')})`;
}

function pad(text: string, flags: string, width: number, arg: unknown, verb: string): string {
  const missing = width - [...text].length;
  if (missing <= 0) return text;
  if (flags.includes('-')) return text + ' '.repeat(missing);
  const zeros = flags.includes('0') && (isNumber(arg) || 'sqvx'.includes(verb));
  if (!zeros) return ' '.repeat(missing) + text;
  const sign = /^[+-]/.test(text) && isNumber(arg) ? text.slice(0, 1) : '';
  return sign + '0'.repeat(missing) + text.slice(sign.length);
}

const isNumber = (value: unknown): value is number | bigint => typeof value === 'number' || typeof value === 'bigint';

function one(directive: Directive, arg: unknown): string {
  const { verb, precision } = directive;
  if (verb === 'v') return isNumber(arg) ? signed(textOf(arg), directive) : textOf(arg);
  if (verb === 'T') return typeName(arg);
  if (typeof arg === 'string') return stringVerb(directive, arg) ?? bad(verb, arg);
  if (typeof arg === 'boolean') return verb === 't' ? String(arg) : bad(verb, arg);
  if (isNumber(arg)) return numberVerb(directive, arg) ?? bad(verb, arg);
  if (Array.isArray(arg)) return `[${arg.map((item) => one({ ...directive, width: 0 }, item)).join(' ')}]`;
  return verb === 's' ? cut(textOf(arg), precision) : bad(verb, arg);
}

function stringVerb({ verb, precision, flags }: Directive, text: string): string | undefined {
  if (verb === 's') return cut(text, precision);
  if (verb === 'q')
    return flags.includes('#') && !text.includes('`') ? `\`${text}\`` : JSON.stringify(cut(text, precision));
  if (verb === 'x' || verb === 'X') {
    const hex = Buffer.from(text).toString('hex');
    return verb === 'x' ? hex : hex.toUpperCase();
  }
  return undefined;
}

function numberVerb(directive: Directive, value: number | bigint): string | undefined {
  const { verb, precision, flags } = directive;
  const whole = typeof value === 'bigint' || Number.isInteger(value);
  const base = { d: 10, x: 16, X: 16, o: 8, b: 2 }[verb];
  if (base !== undefined && whole) {
    const prefix = flags.includes('#') ? ({ x: '0x', X: '0X', o: '0' }[verb] ?? '') : '';
    const digits = (value < 0 ? -value : value).toString(base).padStart(precision ?? 0, '0');
    return signed((value < 0 ? '-' : '') + prefix + (verb === 'X' ? digits.toUpperCase() : digits), directive);
  }
  if (verb === 'c' && whole) return String.fromCodePoint(Number(value));
  if (verb === 'q' && whole) return `'${String.fromCodePoint(Number(value))}'`;
  if (verb === 'U' && whole) return `U+${Number(value).toString(16).toUpperCase().padStart(4, '0')}`;
  // JSON has one kind of number: what came as 3 may be a float in Go, so float verbs take integers too.
  if (verb === 'f' || verb === 'F') return signed(Number(value).toFixed(precision ?? 6), directive);
  if (verb === 'e' || verb === 'E') {
    const text = Number(value)
      .toExponential(precision ?? 6)
      .replace(/e([+-])(\d)$/, 'e$10$2');
    return signed(verb === 'E' ? text.toUpperCase() : text, directive);
  }
  if (verb === 'g' || verb === 'G') {
    return signed(
      precision === undefined ? textOf(value) : String(Number(Number(value).toPrecision(precision || 1))),
      directive,
    );
  }
  return undefined;
}

function signed(text: string, { flags }: Directive): string {
  if (text.startsWith('-')) return text;
  return flags.includes('+') ? `+${text}` : flags.includes(' ') ? ` ${text}` : text;
}

function cut(text: string, precision: number | undefined): string {
  return precision === undefined ? text : [...text].slice(0, precision).join('');
}

function bad(verb: string, value: unknown): string {
  return `%!${verb}(${typeName(value)}=${textOf(value)})`;
}
