/** All checks of one Dockerfile. */
import type { ExcludeList } from '@tsdocker/shared/path-patterns.ts';
import { parsePlatform, platformString } from '@tsdocker/shared/platform.ts';
import type { CheckWarning } from '@tsdocker/shared/types/build.ts';
import { type CheckDirective, parseCheck } from '../../dockerfile/directives.ts';
import { DockerfileError, invalid } from '../../dockerfile/errors.ts';
import type { Dockerfile } from '../../dockerfile/parse.ts';
import type { BaseImage } from '../../images/stages.ts';
import type { BuildArgs } from '../arguments.ts';
import { scratch, withPath } from '../stage-state.ts';
import { type Stage, type StagePlan, sourceOfFrom } from '../stages.ts';
import { CheckReport } from './report.ts';
import { type CheckedState, checkStage } from './stage-checks.ts';
import { checkText } from './text-checks.ts';

export interface CheckInput {
  dockerfile: Dockerfile;
  /** What the Dockerfile is called. */
  file: string;
  plan: StagePlan;
  /** Stages the target needs, in the file's order: the others are looked at no further than their FROM. */
  needed: readonly Stage[];
  globals: ReadonlyMap<string, string>;
  automatic: ReadonlyMap<string, string>;
  buildArgs: BuildArgs;
  ignored: ExcludeList;
  imageOf(stage: Stage): string;
  platformOf(stage: Stage): string;
  /** An image that is here; undefined: it would have to be pulled, and what it sets is not known. */
  base(name: string): Promise<BaseImage | undefined>;
}

/** What is switched off and on, and whether a warning fails the build: `BUILDKIT_DOCKERFILE_CHECK` wins over the file. */
export function checkDirective(dockerfile: Dockerfile, buildArgs: BuildArgs): CheckDirective {
  const given = buildArgs['BUILDKIT_DOCKERFILE_CHECK'];
  return given != null ? parseCheck(given) : dockerfile.directives.check;
}

/** @returns warnings by line; `error`: what the build would fail with, found on the way */
export async function checkBuild(input: CheckInput): Promise<{ warnings: CheckWarning[]; error?: DockerfileError }> {
  const { dockerfile, plan } = input;
  const directive = checkDirective(dockerfile, input.buildArgs);
  const report = new CheckReport(directive, { file: input.file, lines: dockerfile.lines });
  checkText(report, input);
  const ends = new Map<number, CheckedState>();
  const ctx = {
    escape: dockerfile.directives.escape,
    globals: input.globals,
    buildArgs: input.buildArgs,
    history: 'buildkit',
    created: '',
    ignored: input.ignored,
  } as const;
  try {
    for (const stage of input.needed)
      ends.set(stage.index, checkStage(report, stage, await begin(report, stage, plan, ends, input), ctx));
  } catch (err) {
    if (!(err instanceof DockerfileError)) throw err;
    return { warnings: report.warnings, error: err };
  }
  return { warnings: report.warnings };
}

async function begin(
  report: CheckReport,
  stage: Stage,
  plan: StagePlan,
  ends: ReadonlyMap<number, CheckedState>,
  input: CheckInput,
): Promise<CheckedState> {
  const name = input.imageOf(stage);
  const source = sourceOfFrom(plan.stages, stage.index, name);
  const before = 'stage' in source ? ends.get(source.stage) : undefined;
  if (before) return before;
  const platform = input.platformOf(stage);
  const empty = scratch(platform);
  if (name === 'scratch') return { state: empty, isKnown: true, hasWorkdir: false };
  const base = await input.base(name);
  if (!base) return { state: empty, isKnown: false, hasWorkdir: false };
  const actual = platformString(base.platform);
  const expected = platformString(parsePlatform(platform));
  if (actual !== expected) report.add('InvalidBaseImagePlatform', stage.from.location, name, expected, actual);
  return { state: { ...empty, config: withPath(base.config) }, isKnown: true, hasWorkdir: false };
}

/** @throws InvalidParameter naming the rules, where the file says that a warning is an error */
export function failOnWarnings(directive: CheckDirective, warnings: readonly CheckWarning[]): void {
  if (!directive.error || warnings.length === 0) return;
  const rules = [...new Set(warnings.map((w) => w.rule))].sort();
  throw invalid(`lint violation found for rules: ${rules.join(', ')}`);
}
