/** ARG, ENV and LABEL: names and values. */
import { invalid } from '../errors.ts';
import type { Statement } from '../parse.ts';
import { splitWords } from '../split-words.ts';
import type { ArgInstruction, PairsInstruction } from './types.ts';

/** `ARG name[=default] ...`. @throws InvalidParameter */
export function parseArg(statement: Statement, escapeToken: string): ArgInstruction {
  const words = splitWords(statement.args, escapeToken);
  if (words.length === 0) throw invalid('ARG requires at least one argument');
  return {
    kind: 'ARG',
    args: words.map((word) => {
      const equals = word.indexOf('=');
      if (equals === 0 || word === '') throw invalid('ARG names can not be blank');
      return equals < 0 ? { name: word } : { name: word.slice(0, equals), value: word.slice(equals + 1) };
    }),
  };
}

/** `ENV k=v ...` or the old `ENV k rest of the line`; LABEL alike. @throws InvalidParameter */
export function parsePairs(statement: Statement, escapeToken: string): PairsInstruction {
  const kind = statement.keyword as PairsInstruction['kind'];
  const words = splitWords(statement.args, escapeToken);
  const first = words[0];
  if (first === undefined) throw invalid(`${kind} requires at least one argument`);
  if (!first.includes('=')) {
    const value = statement.args.slice(first.length).trim();
    if (value === '') throw invalid(`${kind} must have two arguments`);
    return { kind, pairs: [{ name: first, value }], legacy: true };
  }
  const pairs = words.map((word) => {
    const equals = word.indexOf('=');
    if (equals < 0)
      throw invalid(`Syntax error - can't find = in ${JSON.stringify(word)}. Must be of the form: name=value`);
    if (equals === 0) throw invalid(`${kind} names can not be blank`);
    return { name: word.slice(0, equals), value: word.slice(equals + 1) };
  });
  return { kind, pairs, legacy: false };
}
