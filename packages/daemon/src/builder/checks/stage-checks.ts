/** Checks that need to know what is set where: a stage is gone through as a build does, without doing anything. */
import { posix } from 'node:path';
import type { ExcludeList } from '@tsdocker/shared/path-patterns.ts';
import type { Location } from '../../dockerfile/errors.ts';
import type { CopyInstruction, Instruction, PairsInstruction } from '../../dockerfile/instructions/types.ts';
import { located } from '../../dockerfile/parse.ts';
import { nearest } from '../../dockerfile/suggest.ts';
import { type ApplyContext, applyInstruction, expander, isMetadata } from '../apply.ts';
import { type StageState, variables } from '../stage-state.ts';
import type { Stage } from '../stages.ts';
import type { CheckReport } from './report.ts';

/** What a stage begins with, and what is known of it. */
export interface CheckedState {
  state: StageState;
  /** The base image is here, so that its variables are known. */
  isKnown: boolean;
  /** Some WORKDIR of this file was absolute. */
  hasWorkdir: boolean;
}

export interface StageCheckContext extends Omit<ApplyContext, 'onUnset'> {
  ignored: ExcludeList;
}

const ONCE: readonly string[] = ['CMD', 'ENTRYPOINT', 'HEALTHCHECK'];

/** @returns what a stage that begins with this one begins with @throws what the build would fail with */
export function checkStage(
  report: CheckReport,
  stage: Stage,
  begun: CheckedState,
  ctx: StageCheckContext,
): CheckedState {
  const seen = new Map<string, Location>();
  let now = begun;
  for (const instruction of stage.instructions) {
    const { kind, location } = instruction;
    if (ONCE.includes(kind)) {
      const before = seen.get(kind);
      if (before) report.add('MultipleInstructionsDisallowed', before, kind);
      seen.set(kind, location);
    }
    checkAlone(report, instruction, now.state);
    now = located(location, () => checkInstruction(report, instruction, now, ctx));
  }
  return now;
}

function checkInstruction(
  report: CheckReport,
  instruction: Instruction,
  before: CheckedState,
  ctx: StageCheckContext,
): CheckedState {
  const { state, isKnown } = before;
  const { location } = instruction;
  const onUnset = (name: string): void => {
    if (isKnown && !state.args.has(name)) report.add('UndefinedVar', location, name, ...suggested(name, state));
  };
  if (isMetadata(instruction)) return { ...before, state: applyInstruction(state, instruction, { ...ctx, onUnset }) };
  const expandOne = expander(state, { escape: ctx.escape, onUnset });
  const look = (texts: readonly (string | undefined)[]): string[] =>
    texts.flatMap((text) => (text === undefined ? [] : [expandOne(text).value]));
  if (instruction.kind === 'WORKDIR') {
    const path = expandOne(instruction.word).value;
    if (!path.startsWith('/') && !before.hasWorkdir) report.add('WorkdirRelativePath', location, instruction.word);
    const WorkingDir = posix.resolve(state.config.WorkingDir || '/', path);
    return { ...before, state: { ...state, config: { ...state.config, WorkingDir } }, hasWorkdir: true };
  }
  if (instruction.kind === 'RUN') for (const { target, source, id } of instruction.mounts) look([target, source, id]);
  if (instruction.kind === 'COPY' || instruction.kind === 'ADD') {
    const sources = look(instruction.sources);
    look([instruction.dest, instruction.flags.chown, instruction.flags.chmod]);
    checkIgnored(report, instruction, sources, ctx.ignored);
  }
  return before;
}

function suggested(name: string, state: StageState): string[] {
  const near = nearest(name, variables(state).keys());
  return near === undefined ? [] : [near];
}

/** What one instruction is enough for. */
function checkAlone(report: CheckReport, instruction: Instruction, state: StageState): void {
  const { location } = instruction;
  switch (instruction.kind) {
    case 'MAINTAINER':
      report.add('MaintainerDeprecated', location);
      break;
    case 'CMD':
    case 'ENTRYPOINT':
      if ('shell' in instruction.command && !state.config.Shell?.length)
        report.add('JSONArgsRecommended', location, instruction.kind);
      break;
    case 'ARG':
      for (const { name } of instruction.args) checkSecret(report, location, 'ARG', name);
      break;
    case 'ENV':
    case 'LABEL':
      checkPairs(report, instruction);
      break;
    case 'EXPOSE':
      for (const word of instruction.words) {
        if (word.includes(':')) report.add('ExposeInvalidFormat', location, word);
        const protocol = word.split('/')[1] ?? '';
        if (!protocol.includes('$') && protocol !== protocol.toLowerCase())
          report.add('ExposeProtoCasing', location, word);
      }
      break;
    default:
      break;
  }
}

function checkPairs(report: CheckReport, { kind, legacy, pairs, location }: PairsInstruction & Instruction): void {
  if (legacy) report.add('LegacyKeyValueFormat', location, kind);
  if (kind === 'ENV') for (const { name } of pairs) checkSecret(report, location, 'ENV', name);
}

const SECRET = /(?:_|^)(?:apikey|auth|credentials?|key|password|pword|passwd|secret|token)(?:_|$)/i;
const NO_SECRET = /(?:_|^)(?:public|file|version)(?:_|$)/i;

function checkSecret(report: CheckReport, location: Location, instruction: string, name: string): void {
  if (SECRET.test(name) && !NO_SECRET.test(name)) report.add('SecretsUsedInArgOrEnv', location, instruction, name);
}

function checkIgnored(
  report: CheckReport,
  { kind, flags, location }: CopyInstruction & Instruction,
  sources: readonly string[],
  ignored: ExcludeList,
): void {
  if (flags.from !== undefined) return;
  for (const source of sources) {
    const path = posix.join('/', source).slice(1).replace(/\/$/, '');
    if (path !== '' && !/^\w+:\/\//.test(source) && ignored.excludes(path))
      report.add('CopyIgnoredFile', location, kind === 'COPY' ? 'Copy' : 'Add', source);
  }
}
