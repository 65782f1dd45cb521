/** The functions of docker's templates: Go's own and docker's. Arguments and error texts are theirs. */
import { formatGo } from './printf.ts';
import { isTrue, jsonText, MISSING, Nil, textOf, typeName } from './values.ts';

export type FunctionTable = Readonly<Record<string, (...args: unknown[]) => unknown>>;

/** `and` and `or` stop at the first value that decides. Undefined for other names. */
export function lazyLogic(name: string, thunks: readonly (() => unknown)[]): { value: unknown } | undefined {
  if (name !== 'and' && name !== 'or') return undefined;
  if (thunks.length === 0) throw new Error(`wrong number of args for ${name}: want at least 1 got 0`);
  let value: unknown;
  for (const thunk of thunks) {
    value = thunk();
    if (isTrue(value) === (name === 'or')) break;
  }
  return { value };
}

export const TEMPLATE_FUNCTIONS: FunctionTable = {
  and: () => undefined,
  or: () => undefined,
  not: (value) => !isTrue(value),
  eq: (first, ...others) => {
    if (others.length === 0) throw new Error('missing argument for comparison');
    return others.some((other) => equal(first, other));
  },
  ne: (a, b) => !equal(a, b),
  lt: (a, b) => less(a, b),
  le: (a, b) => less(a, b) || equal(a, b),
  gt: (a, b) => !less(a, b) && !equal(a, b),
  ge: (a, b) => !less(a, b),
  len: (value) => lengthOf(value),
  index: (value, ...keys) => keys.reduce(indexed, value),
  slice: (value, ...bounds) => sliced(value, bounds as number[]),
  print: (...args) => printSpaced(args),
  println: (...args) => `${args.map(textOf).join(' ')}\n`,
  printf: (format, ...args) => formatGo(stringArgument(format), args),
  html: (...args) => escapeHtml(joinArguments(args)),
  js: (...args) => escapeJs(joinArguments(args)),
  urlquery: (...args) => encodeURIComponent(joinArguments(args)).replaceAll('%20', '+'),
  call: (fn, ...args) => {
    if (typeof fn !== 'function') throw new Error(`non-function of type ${typeName(fn)}`);
    return (fn as (...a: unknown[]) => unknown)(...args);
  },
  json: (value) => jsonText(value),
  join: (list, separator) => stringList(list).join(stringArgument(separator)),
  split: (text, separator) => stringArgument(text).split(stringArgument(separator)),
  lower: (text) => stringArgument(text).toLowerCase(),
  upper: (text) => stringArgument(text).toUpperCase(),
  title: (text) =>
    stringArgument(text).replace(/(^|[^\p{L}\p{N}_'])(\p{L})/gu, (_, lead, letter) => lead + letter.toUpperCase()),
  pad: (text, before, after) => padded(stringArgument(text), before as number, after as number),
  truncate: (text, length) => truncated(stringArgument(text), length as number),
};

/** In a table's header row these must leave the header's text as it is. */
export const HEADER_FUNCTIONS: FunctionTable = {
  ...TEMPLATE_FUNCTIONS,
  json: (text) => text,
  join: (text) => text,
  split: (text) => text,
  lower: (text) => text,
  upper: (text) => text,
  title: (text) => text,
  truncate: (text) => text,
  println: (...args) => args.map(textOf).join(' '),
};

export const FUNCTION_NAMES: ReadonlySet<string> = new Set(Object.keys(TEMPLATE_FUNCTIONS));

function stringArgument(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === MISSING) return '';
  throw new Error(`wrong type for value; expected string; got ${typeName(value)}`);
}

function stringList(value: unknown): string[] {
  if (value instanceof Nil || value === MISSING) return [];
  if (!Array.isArray(value)) throw new Error(`wrong type for value; expected []string; got ${typeName(value)}`);
  return value.map(textOf);
}

function basicKind(value: unknown): string {
  if (typeof value === 'bigint') return 'number';
  if (value === null || value === undefined || value instanceof Nil || value === MISSING) return 'nil';
  return typeof value;
}

function equal(a: unknown, b: unknown): boolean {
  const [kindA, kindB] = [basicKind(a), basicKind(b)];
  if (kindA === 'nil' || kindB === 'nil') return kindA === kindB;
  if (kindA === 'object' || kindB === 'object') throw new Error(`non-comparable type ${textOf(a)}: ${typeName(a)}`);
  if (kindA !== kindB) throw new Error('incompatible types for comparison');
  // biome-ignore lint/suspicious/noDoubleEquals: 1n == 1, the kinds being the same
  return a == b;
}

function less(a: unknown, b: unknown): boolean {
  const [kindA, kindB] = [basicKind(a), basicKind(b)];
  if (kindA !== 'number' && kindA !== 'string') throw new Error('invalid type for comparison');
  if (kindA !== kindB) throw new Error('incompatible types for comparison');
  return (a as number) < (b as number);
}

function lengthOf(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (Array.isArray(value)) return value.length;
  if (value instanceof Nil && value.text !== '<nil>') return 0;
  if (typeof value === 'object' && value !== null && !(value instanceof Nil)) return Object.keys(value).length;
  throw new Error(
    `len of ${value === null || value instanceof Nil || value === MISSING ? 'nil pointer' : `type ${typeName(value)}`}`,
  );
}

function indexed(value: unknown, key: unknown): unknown {
  if (value === MISSING || value === null || (value instanceof Nil && value.text === '<nil>'))
    throw new Error('index of untyped nil');
  if (value instanceof Nil) {
    if (value.text === 'map[]') return MISSING;
    throw new Error(`index out of range: ${textOf(key)}`);
  }
  if (Array.isArray(value) || typeof value === 'string') {
    if (typeof key !== 'number') throw new Error(`cannot index slice/array with type ${typeName(key)}`);
    const item = typeof value === 'string' ? Buffer.from(value)[key] : value[key];
    if (item === undefined) throw new Error(`index out of range: ${key}`);
    return item;
  }
  if (typeof value !== 'object') throw new Error(`can't index item of type ${typeName(value)}`);
  const object = value as Record<string, unknown>;
  if (typeof key !== 'string') throw new Error(`value has type ${typeName(key)}; should be string`);
  return Object.hasOwn(object, key) ? object[key] : '';
}

function sliced(value: unknown, bounds: readonly number[]): unknown {
  if (typeof value !== 'string' && !Array.isArray(value))
    throw new Error(`can't slice item of type ${typeName(value)}`);
  const [from = 0, to = value.length] = bounds;
  if (from < 0 || to > value.length || from > to)
    throw new Error(`index out of range: ${to > value.length ? to : from}`);
  return value.slice(from, to);
}

/** fmt.Sprint: blanks between operands when neither is a string. */
function printSpaced(args: readonly unknown[]): string {
  return args
    .map((arg, i) => (i > 0 && typeof arg !== 'string' && typeof args[i - 1] !== 'string' ? ' ' : '') + textOf(arg))
    .join('');
}

function joinArguments(args: readonly unknown[]): string {
  return args.length === 1 && typeof args[0] === 'string' ? args[0] : printSpaced(args);
}

function padded(text: string, before: number, after: number): string {
  return text === '' ? '' : ' '.repeat(before) + text + ' '.repeat(after);
}

/** Bytes, as docker counts; a cut character is dropped. */
function truncated(text: string, length: number): string {
  const bytes = Buffer.from(text);
  return bytes.length < length
    ? text
    : bytes
        .subarray(0, length)
        .toString('utf8')
        .replace(/\ufffd$/, '');
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&${{ '&': 'amp', '<': 'lt', '>': 'gt', '"': '#34', "'": '#39' }[c]};`);
}

function escapeJs(text: string): string {
  return text.replace(/[\\'"<>&=\x00-\x1f]/g, (c) => {
    if (c === '\\' || c === "'" || c === '"') return `\\${c}`;
    return `\\u${c.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
  });
}
