/** From a statement to what it says; one row an instruction. */
import { invalid } from '../errors.ts';
import { KEYWORDS, located, type Statement } from '../parse.ts';
import { parseCopy } from './copy.ts';
import { parseFrom } from './from.ts';
import { parseHealthcheck } from './healthcheck.ts';
import { parseArg, parsePairs } from './pairs.ts';
import { parseCommand, parseShell, parseWord, parseWords } from './plain.ts';
import { parseRun } from './run.ts';
import type { Instruction, InstructionBody, OnbuildInstruction } from './types.ts';

type Parse = (statement: Statement, escapeToken: string) => InstructionBody;

const PARSERS: Readonly<Record<string, Parse>> = {
  ADD: parseCopy,
  ARG: parseArg,
  CMD: parseCommand,
  COPY: parseCopy,
  ENTRYPOINT: parseCommand,
  ENV: parsePairs,
  EXPOSE: parseWords,
  FROM: parseFrom,
  HEALTHCHECK: parseHealthcheck,
  LABEL: parsePairs,
  MAINTAINER: parseWord,
  ONBUILD: parseOnbuild,
  RUN: parseRun,
  SHELL: parseShell,
  STOPSIGNAL: parseWord,
  USER: parseWord,
  VOLUME: parseWords,
  WORKDIR: parseWord,
};

/** @throws DockerfileError */
export function parseInstruction(statement: Statement, escapeToken: string): Instruction {
  const location = { startLine: statement.startLine, endLine: statement.endLine };
  const parse = PARSERS[statement.keyword] as Parse;
  return { ...located(location, () => parse(statement, escapeToken)), location, original: statement.original };
}

function parseOnbuild(statement: Statement): OnbuildInstruction {
  const word = /^\S*/.exec(statement.args)?.[0] ?? '';
  const trigger = word.toUpperCase();
  if (trigger === '') throw invalid('ONBUILD requires at least one argument');
  if (trigger === 'ONBUILD') throw invalid("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
  if (trigger === 'MAINTAINER' || trigger === 'FROM') throw invalid(`${trigger} isn't allowed as an ONBUILD trigger`);
  if (!KEYWORDS.has(trigger)) throw invalid(`unknown instruction: ${word}`);
  const bodies = statement.heredocs.map((h) => `\n${h.content}${h.name}`);
  return { kind: 'ONBUILD', trigger: statement.args + bodies.join('') };
}
