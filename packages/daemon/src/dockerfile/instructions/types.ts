/** What the instructions of a Dockerfile say, read but not expanded: variables are known only when a stage is solved. */
import type { Location } from '../errors.ts';
import type { Heredoc } from '../heredoc.ts';
import type { RunMount } from './run-mount.ts';

/** A command line: a list as it is, or text for the shell. */
export type CommandLine = { exec: string[] } | { shell: string };

export interface Pair {
  name: string;
  /** Not expanded; quotes stay. Undefined only for an ARG without a default. */
  value?: string;
}

export interface FromInstruction {
  kind: 'FROM';
  image: string;
  /** Lower case. */
  name?: string;
  platform?: string;
}

export interface ArgInstruction {
  kind: 'ARG';
  args: Pair[];
}

export interface PairsInstruction {
  kind: 'ENV' | 'LABEL';
  pairs: Required<Pair>[];
  /** `ENV name rest of the line`. */
  legacy: boolean;
}

export interface RunInstruction {
  kind: 'RUN';
  command: CommandLine;
  heredocs: Heredoc[];
  mounts: RunMount[];
  network: 'default' | 'none' | 'host';
  security: 'sandbox' | 'insecure';
}

export interface CopyFlags {
  /** `--from`: stage name or number, named context or image. */
  from?: string;
  chown?: string;
  chmod?: string;
  link: boolean;
  parents: boolean;
  exclude: string[];
  /** ADD only. */
  keepGitDir?: boolean;
  checksum?: string;
  unpack?: boolean;
}

export interface CopyInstruction {
  kind: 'ADD' | 'COPY';
  sources: string[];
  dest: string;
  /** Sources given as here-documents. */
  files: Heredoc[];
  flags: CopyFlags;
}

export interface CommandInstruction {
  kind: 'CMD' | 'ENTRYPOINT';
  command: CommandLine;
}

export interface ShellInstruction {
  kind: 'SHELL';
  shell: string[];
}

/** One argument, expanded as one word. */
export interface WordInstruction {
  kind: 'STOPSIGNAL' | 'USER' | 'MAINTAINER';
  word: string;
}

/** Apart from the other words, because it makes a directory. */
export interface WorkdirInstruction {
  kind: 'WORKDIR';
  word: string;
}

/** Arguments split at blanks. */
export interface WordsInstruction {
  kind: 'EXPOSE' | 'VOLUME';
  words: string[];
}

export interface HealthcheckInstruction {
  kind: 'HEALTHCHECK';
  /** Undefined: `NONE`. */
  command?: CommandLine;
  intervalNanos?: number;
  timeoutNanos?: number;
  startPeriodNanos?: number;
  startIntervalNanos?: number;
  retries?: number;
}

export interface OnbuildInstruction {
  kind: 'ONBUILD';
  /** The trigger as written, with heredocs. */
  trigger: string;
}

export type InstructionBody =
  | FromInstruction
  | ArgInstruction
  | PairsInstruction
  | RunInstruction
  | CopyInstruction
  | CommandInstruction
  | ShellInstruction
  | WordInstruction
  | WordsInstruction
  | WorkdirInstruction
  | HealthcheckInstruction
  | OnbuildInstruction;

export type Instruction = InstructionBody & {
  location: Location;
  /** The line as written, continuations joined, for history, progress and messages. */
  original: string;
};
