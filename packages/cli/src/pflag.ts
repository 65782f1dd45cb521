/**
 * Flags as docker's parser (Go's pflag) reads them: `--name=value`, `--name value`, `-n value`, `-nvalue`, `-n=value`,
 * `-abc` for booleans, `--tty=false`, `--` ends the flags. Error texts are pflag's, because scripts and people know them.
 */
import { parseBool } from '@tsdocker/shared/go-number.ts';
import type { FlagSpec, Flags } from './command.ts';
import { goParseFloat, goParseInt, goParseUint } from './go-numbers.ts';

/** A command line that cannot be read; the message is pflag's. Exit 125. */
export class FlagError extends Error {}

export interface ParsedArguments {
  flags: Flags;
  /** What is left: the command's own arguments. */
  args: string[];
  /** `--help` (or its old shorthand `-h`) was there; nothing else has been checked then. */
  help: boolean;
  /** Lines for stderr about deprecated flags. */
  warnings: string[];
}

/** @param stopAtArgument true: the first argument ends the flags. @throws FlagError */
export function parseArguments(
  specs: readonly FlagSpec[],
  argv: readonly string[],
  options: { stopAtArgument?: boolean } = {},
): ParsedArguments {
  const parser = new Parser(specs);
  const args: string[] = [];
  let at = 0;
  while (at < argv.length && !parser.help) {
    const word = argv[at++]!;
    if (word === '--') {
      args.push(...argv.slice(at));
      break;
    }
    if (word.startsWith('--')) at = parser.long(word, argv, at);
    else if (word.startsWith('-') && word.length > 1) at = parser.short(word, argv, at);
    else {
      args.push(word);
      if (!options.stopAtArgument) continue;
      args.push(...argv.slice(at));
      break;
    }
  }
  return { flags: parser.values, args, help: parser.help, warnings: parser.warnings };
}

class Parser {
  readonly values: FlagValues;
  readonly warnings: string[] = [];
  help = false;
  readonly #byName = new Map<string, FlagSpec>();
  readonly #byShort = new Map<string, FlagSpec>();

  constructor(specs: readonly FlagSpec[]) {
    for (const spec of specs) {
      this.#byName.set(spec.name, spec);
      if (spec.short) this.#byShort.set(spec.short, spec);
    }
    this.values = new FlagValues(this.#byName);
  }

  long(word: string, argv: readonly string[], at: number): number {
    const equals = word.indexOf('=');
    const name = word.slice(2, equals < 0 ? undefined : equals);
    if (name === '' || name.startsWith('-')) throw new FlagError(`bad flag syntax: ${word}`);
    const spec = this.#byName.get(name);
    if (!spec) {
      if (name !== 'help') throw new FlagError(`unknown flag: --${name}`);
      this.help = equals < 0 || parseBool(word.slice(equals + 1));
      return at;
    }
    if (equals >= 0) this.#set(spec, word.slice(equals + 1));
    else if (spec.kind === 'bool') this.#set(spec, 'true');
    else if (at < argv.length) this.#set(spec, argv[at++]!);
    else throw new FlagError(`flag needs an argument: --${name}`);
    return at;
  }

  /** A bundle of one-letter flags; the first that takes a value takes the rest of the word, or the next one. */
  short(word: string, argv: readonly string[], at: number): number {
    let letters = word.slice(1);
    while (letters !== '' && !this.help) {
      const letter = String.fromCodePoint(letters.codePointAt(0)!);
      const rest = letters.slice(letter.length);
      const spec = this.#byShort.get(letter);
      if (!spec) this.#unknownLetter(letter, letters);
      else if (rest.length > 1 && rest.startsWith('=')) {
        this.#set(spec, rest.slice(1));
        return at;
      } else if (spec.kind === 'bool') this.#set(spec, 'true');
      else if (rest !== '') {
        this.#set(spec, rest);
        return at;
      } else if (at < argv.length) {
        this.#set(spec, argv[at]!);
        return at + 1;
      } else throw new FlagError(`flag needs an argument: '${letter}' in -${letters}`);
      letters = rest;
    }
    return at;
  }

  #unknownLetter(letter: string, letters: string): void {
    if (letter !== 'h') throw new FlagError(`unknown shorthand flag: '${letter}' in -${letters}`);
    this.warnings.push('Flag shorthand -h has been deprecated, use --help');
    this.help = true;
  }

  #set(spec: FlagSpec, text: string): void {
    const target = spec.aliasOf === undefined ? spec : (this.#byName.get(spec.aliasOf) ?? spec);
    try {
      this.values.set(target, text);
    } catch (err) {
      const name = spec.short ? `-${spec.short}, --${spec.name}` : `--${spec.name}`;
      throw new FlagError(`invalid argument ${JSON.stringify(text)} for "${name}" flag: ${(err as Error).message}`);
    }
    if (spec.deprecated) this.warnings.push(`Flag --${spec.name} has been deprecated, ${spec.deprecated}`);
  }
}

class FlagValues implements Flags {
  readonly #specs: ReadonlyMap<string, FlagSpec>;
  readonly #given = new Map<string, unknown>();

  constructor(specs: ReadonlyMap<string, FlagSpec>) {
    this.#specs = specs;
  }

  /** @throws Error with the text behind `invalid argument ... flag: ` */
  set(spec: FlagSpec, text: string): void {
    const parsed = spec.parse?.(text);
    if (spec.kind === 'list') {
      const list = (this.#given.get(spec.name) as string[] | undefined) ?? [];
      this.#given.set(spec.name, [...list, text]);
    } else this.#given.set(spec.name, spec.kind === 'custom' ? parsed : scalar(spec, text));
  }
  bool(name: string): boolean {
    return (this.#value(name) ?? false) as boolean;
  }
  string(name: string): string {
    return (this.#value(name) ?? '') as string;
  }
  number(name: string): number {
    return (this.#value(name) ?? 0) as number;
  }
  list(name: string): string[] {
    return (this.#value(name) ?? []) as string[];
  }
  custom<T>(name: string): T | undefined {
    return this.#given.get(this.#spec(name).name) as T | undefined;
  }
  changed(name: string): boolean {
    return this.#given.has(this.#spec(name).name);
  }
  #value(name: string): unknown {
    return this.#given.has(name) ? this.#given.get(name) : this.#spec(name).default;
  }
  /** A misspelt name in a command is a bug, not an unset flag. */
  #spec(name: string): FlagSpec {
    const spec = this.#specs.get(name);
    if (!spec) throw new Error(`flag --${name} is not declared`);
    return spec;
  }
}

function scalar(spec: FlagSpec, text: string): boolean | number | string {
  switch (spec.kind) {
    case 'bool':
      return parseBool(text);
    case 'int':
      return goParseInt(text);
    case 'uint':
      return goParseUint(text);
    case 'float':
      return goParseFloat(text);
    default:
      return text;
  }
}
