/** CMD, ENTRYPOINT, SHELL, and the instructions of one or several words. */
import { invalid } from '../errors.ts';
import type { Statement } from '../parse.ts';
import { splitWords } from '../split-words.ts';
import { commandLine } from './run.ts';
import type {
  CommandInstruction,
  ShellInstruction,
  WordInstruction,
  WordsInstruction,
  WorkdirInstruction,
} from './types.ts';

/** An empty CMD or ENTRYPOINT, also `[]`, clears what the base image has. */
export function parseCommand(statement: Statement): CommandInstruction {
  const kind = statement.keyword as CommandInstruction['kind'];
  return { kind, command: statement.args === '' ? { exec: [] } : commandLine(statement) };
}

/** `SHELL ["executable", "parameter"]`. @throws InvalidParameter */
export function parseShell(statement: Statement): ShellInstruction {
  if (!statement.json) throw invalid('SHELL requires the arguments to be in JSON form');
  if (statement.json.length === 0) throw invalid('SHELL requires at least one argument');
  return { kind: 'SHELL', shell: statement.json };
}

/** @throws InvalidParameter */
export function parseWord(statement: Statement): WordInstruction | WorkdirInstruction {
  const kind = statement.keyword as (WordInstruction | WorkdirInstruction)['kind'];
  if (statement.args === '') throw invalid(`${kind} requires exactly one argument`);
  return { kind, word: statement.args };
}

/** @throws InvalidParameter */
export function parseWords(statement: Statement, escapeToken: string): WordsInstruction {
  const kind = statement.keyword as WordsInstruction['kind'];
  const words = statement.json ?? splitWords(statement.args, escapeToken);
  if (words.length === 0) throw invalid(`${kind} requires at least one argument`);
  if (kind === 'VOLUME' && words.some((w) => w.trim() === ''))
    throw invalid('VOLUME specified can not be an empty string');
  return { kind, words };
}
