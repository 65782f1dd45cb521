/** What a command is: data that the program, the help and completion read, and one function. */
import type { Cli } from './cli.ts';

/** pflag's value kinds, with the type names docker's help prints. */
export type FlagKind =
  | 'bool'
  | 'string'
  | 'int'
  | 'uint'
  | 'float'
  /** Repeatable, each value kept whole. Help says `list` or `stringArray` by `valueName`. */
  | 'list'
  /** One value, checked by `parse` (bytes, duration, ulimit=...). */
  | 'custom';

export interface FlagSpec {
  /** Long name without dashes. */
  name: string;
  /** One letter. */
  short?: string;
  kind: FlagKind;
  /** Help text, Docker's meaning in our words. */
  description: string;
  /** What help prints after the name: `list`, `string`, `bytes`, `decimal`, `mount` ... Default by kind. */
  valueName?: string;
  /** Default shown by help and given to the command; bool false, string '' and list [] when absent. */
  default?: boolean | string | number | string[];
  /** Not listed by help. */
  hidden?: boolean;
  /** Another name of this flag: sets that one instead (`--time` for `--timeout`). */
  aliasOf?: string;
  /** Says `Flag --name has been deprecated, <this>` when used. */
  deprecated?: string;
  /** Oldest API version that knows it. */
  since?: string;
  /** Checks one value; throws an Error whose message goes behind `invalid argument "x" for "--name" flag: `. */
  parse?: (value: string) => unknown;
}

/** Parsed flags. Absent ones have their default; `changed` tells whether the user gave it. */
export interface Flags {
  bool(name: string): boolean;
  string(name: string): string;
  number(name: string): number;
  list(name: string): string[];
  /** What `parse` returned, or undefined when the flag was not given. */
  custom<T>(name: string): T | undefined;
  changed(name: string): boolean;
}

export interface CommandSpec {
  /** Last word: `run`. */
  name: string;
  aliases?: string[];
  /** After the command's path: `[OPTIONS] IMAGE [COMMAND] [ARG...]`. */
  usage: string;
  /** One line. */
  summary: string;
  /** What help says at length; the summary when absent. */
  description?: string;
  flags: FlagSpec[];
  args: { min: number; max: number };
  /** True: flags end at the first argument (run, create, exec), as docker does. */
  stopAtArgument?: boolean;
  hidden?: boolean;
  /**
   * Does the work and sets cli.exitCode when it is not 0. A thrown DockerError is printed by the program:
   * `Error response from daemon: ...` when it came from the daemon, exit 1 (125 for run and create).
   */
  run(cli: Cli, args: string[], flags: Flags): Promise<void>;
}

/** A row of a group's table: nothing of the command is loaded until it is asked for. */
export interface CommandEntry {
  name: string;
  aliases?: string[];
  summary: string;
  hidden?: boolean;
  load(): Promise<CommandSpec>;
}

export interface CommandGroup {
  name: string;
  summary: string;
  commands: CommandEntry[];
}
