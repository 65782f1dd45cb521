/** The daemon's command line, parsed by pflag's rules. */
import { HELP_OPTIONS, OPTIONS, type OptionSpec, type OptionValue } from './schema.ts';

export interface ParsedFlags {
  /** By flag name; only those that were given. */
  values: Map<string, OptionValue>;
  help: boolean;
  version: boolean;
  /** Check the data root's images and end. */
  checkStore: boolean;
}

const BOOL_WORDS: Readonly<Record<string, boolean>> = {
  '1': true,
  t: true,
  T: true,
  true: true,
  TRUE: true,
  True: true,
  '0': false,
  f: false,
  F: false,
  false: false,
  FALSE: false,
  False: false,
};

/** @throws Error in pflag's words: `unknown flag: --x`, `flag needs an argument: --x`, `invalid argument ...` */
export function parseFlags(argv: readonly string[]): ParsedFlags {
  const parsed: ParsedFlags = { values: new Map(), help: false, version: false, checkStore: false };
  const rest = [...argv];
  while (rest.length > 0) {
    const word = rest.shift()!;
    if (word === '--help' || word === '-h') parsed.help = true;
    else if (word === '--version' || word === '-v') parsed.version = true;
    else if (word === '--check-store') parsed.checkStore = true;
    else if (word.startsWith('--') && word.length > 2) takeLong(word.slice(2), rest, parsed);
    else if (word.startsWith('-') && word.length > 1) takeShorts(word.slice(1), rest, parsed);
    else throw new Error(`tsdockerd accepts no arguments: "${word}"`);
  }
  return parsed;
}

function takeLong(text: string, rest: string[], parsed: ParsedFlags): void {
  const at = text.indexOf('=');
  const name = at < 0 ? text : text.slice(0, at);
  const spec = OPTIONS.find((option) => option.flag === name);
  if (!spec) throw new Error(`unknown flag: --${name}`);
  if (at >= 0) store(spec, text.slice(at + 1), parsed);
  else if (spec.kind === 'bool') store(spec, 'true', parsed);
  else if (rest.length === 0) throw new Error(`flag needs an argument: --${name}`);
  else store(spec, rest.shift()!, parsed);
}

/** `-D`, `-H value`, `-Hvalue`, `-DH=value`. */
function takeShorts(text: string, rest: string[], parsed: ParsedFlags): void {
  const letter = text.charAt(0);
  const spec = OPTIONS.find((option) => option.short === letter);
  if (!spec) throw new Error(`unknown shorthand flag: '${letter}' in -${text}`);
  const tail = text.slice(1);
  if (tail.startsWith('=')) store(spec, tail.slice(1), parsed);
  else if (spec.kind === 'bool') {
    store(spec, 'true', parsed);
    if (tail !== '') takeShorts(tail, rest, parsed);
  } else if (tail !== '') store(spec, tail, parsed);
  else if (rest.length === 0) throw new Error(`flag needs an argument: '${letter}' in -${text}`);
  else store(spec, rest.shift()!, parsed);
}

function store(spec: OptionSpec, text: string, parsed: ParsedFlags): void {
  const value = convert(spec, text);
  if (spec.kind !== 'list') parsed.values.set(spec.flag, value);
  else parsed.values.set(spec.flag, [...((parsed.values.get(spec.flag) as string[] | undefined) ?? []), text]);
}

function convert(spec: OptionSpec, text: string): OptionValue {
  const shown = spec.short ? `-${spec.short}, --${spec.flag}` : `--${spec.flag}`;
  const invalid = (reason: string): Error =>
    new Error(`invalid argument ${JSON.stringify(text)} for "${shown}" flag: ${reason}`);
  if (spec.kind === 'bool') {
    const value = Object.hasOwn(BOOL_WORDS, text) ? BOOL_WORDS[text] : undefined;
    if (value === undefined) throw invalid(`strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`);
    return value;
  }
  if (spec.kind === 'int') {
    if (!/^[+-]?\d{1,15}$/.test(text))
      throw invalid(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
    return Number(text);
  }
  return text;
}

export function helpText(): string {
  const rows = HELP_OPTIONS.map((spec): [string, string] => {
    const name = `${spec.short ? `  -${spec.short}, ` : '      '}--${spec.flag}`;
    const kind = spec.kind === 'bool' ? '' : ` ${spec.valueName ?? spec.kind}`;
    const shown = spec.default === undefined || spec.default === '' ? '' : ` (default ${JSON.stringify(spec.default)})`;
    return [name + kind, spec.description + shown];
  });
  rows.push(['      --check-store', 'Check that all images are whole, print what is not, and quit']);
  rows.push(['  -h, --help', 'Print usage'], ['  -v, --version', 'Print version information and quit']);
  const width = Math.max(...rows.map(([left]) => left.length)) + 3;
  const lines = rows.map(([left, right]) => left.padEnd(width) + right);
  return `Usage:  tsdockerd [OPTIONS]\n\nA daemon that makes and runs containers, and serves the Docker Engine API\n\nOptions:\n${lines.join('\n')}\n`;
}
