/** Checks of the text and of the stages' first lines: nothing is expanded but with global ARGs. */
import { parseReference } from '@tsdocker/shared/reference.ts';
import type { Dockerfile, Statement } from '../../dockerfile/parse.ts';
import { expand } from '../../dockerfile/shell-lex.ts';
import { nearest } from '../../dockerfile/suggest.ts';
import type { Stage, StagePlan } from '../stages.ts';
import type { CheckReport } from './report.ts';

export interface TextCheckInput {
  dockerfile: Dockerfile;
  plan: StagePlan;
  /** With `--build-arg` and the platform's. */
  globals: ReadonlyMap<string, string>;
  /** The platform's alone. */
  automatic: ReadonlyMap<string, string>;
}

export function checkText(report: CheckReport, input: TextCheckInput): void {
  const { statements } = input.dockerfile;
  for (const statement of statements) checkStatement(report, statement);
  checkCasing(report, statements);
  checkDescriptions(report, input);
  const names = new Set<string>();
  for (const stage of input.plan.stages) {
    checkName(report, stage, names);
    checkPlatform(report, stage);
    checkBase(report, stage, input);
  }
}

function checkStatement(report: CheckReport, statement: Statement): void {
  const { keyword, spelling, args, emptyContinuations, endLine } = statement;
  if (emptyContinuations.length > 0) report.add('NoEmptyContinuation', { startLine: endLine, endLine });
  if (keyword !== 'FROM') return;
  const [, as, name = ''] = args.split(/\s+/);
  if (as === undefined) return;
  const matching = as === as.toLowerCase() ? spelling.toLowerCase() : spelling.toUpperCase();
  if (spelling !== matching) report.add('FromAsCasing', statement, spelling, as);
  if (name !== name.toLowerCase()) report.add('StageNameCasing', statement, name);
}

/** ARGs before the first FROM do not vote. */
function checkCasing(report: CheckReport, statements: readonly Statement[]): void {
  const voting = statements.slice(statements.findIndex((s) => s.keyword === 'FROM'));
  const isLower = (s: Statement) => s.spelling === s.spelling.toLowerCase();
  const isUpper = (s: Statement) => s.spelling === s.keyword;
  const lower = voting.filter(isLower).length > voting.filter(isUpper).length;
  for (const statement of voting)
    if (!(lower ? isLower : isUpper)(statement))
      report.add('ConsistentInstructionCasing', statement, statement.spelling, lower ? 'lowercase' : 'uppercase');
}

function checkName(report: CheckReport, { name, from }: Stage, names: Set<string>): void {
  if (name === undefined) return;
  if (names.has(name)) report.add('DuplicateStageName', from.location, name);
  if (name === 'scratch' || name === 'context') report.add('ReservedStageName', from.location, name);
  names.add(name);
}

function checkPlatform(report: CheckReport, { from, name = '' }: Stage): void {
  const { platform } = from;
  if (platform === undefined) return;
  if (platform === '$TARGETPLATFORM' || platform === '${TARGETPLATFORM}')
    report.add('RedundantTargetPlatform', from.location, platform);
  // A stage that is named for a platform is one of several, to choose from.
  const isNamedFor = platform.split('/').some((word) => name.includes(word));
  if (!platform.includes('$') && !isNamedFor) report.add('FromPlatformFlagConstDisallowed', from.location, platform);
}

function checkBase(
  report: CheckReport,
  { from }: Stage,
  { dockerfile, plan, globals, automatic }: TextCheckInput,
): void {
  const { escape: escapeToken } = dockerfile.directives;
  const declared = new Set(plan.globals.flatMap(({ args }) => args.map((arg) => arg.name)));
  for (const text of [from.image, from.platform ?? '']) {
    const { unset } = expand(text, { lookup: (name) => globals.get(name), escape: escapeToken });
    for (const name of unset.filter((n) => !declared.has(n)))
      report.add('UndefinedArgInFrom', from.location, name, nearest(name, [...declared, ...globals.keys()]) ?? '');
  }
  if (!from.image.includes('$')) return;
  const defaults = new Map(automatic);
  const lookup = (name: string) => defaults.get(name);
  for (const { name, value } of plan.globals.flatMap(({ args }) => args))
    if (value !== undefined) defaults.set(name, expand(value, { lookup, escape: escapeToken }).value);
  if (!isReference(expand(from.image, { lookup, escape: escapeToken }).value))
    report.add('InvalidDefaultArgInFrom', from.location, from.image);
}

function isReference(text: string): boolean {
  try {
    parseReference(text);
    return true;
  } catch {
    return false;
  }
}

const DIRECTIVE = /^(syntax|escape|check)\s*=/i;

/** `# NAME text` right above an ARG or a stage describes it. */
function checkDescriptions(report: CheckReport, { dockerfile, plan }: TextCheckInput): void {
  for (const statement of dockerfile.statements) {
    const { keyword, comments } = statement;
    const last = comments.at(-1);
    if (last === undefined || last === '' || DIRECTIVE.test(last) || (keyword !== 'ARG' && keyword !== 'FROM'))
      continue;
    const stage = plan.stages.find((s) => s.from.location.startLine === statement.startLine);
    const name = keyword === 'FROM' ? stage?.name : /^[^\s=]+/.exec(statement.args)?.[0];
    if (name !== undefined && !last.startsWith(`${name} `))
      report.add('InvalidDefinitionDescription', statement, keyword, name);
  }
}
