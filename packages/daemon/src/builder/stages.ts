/**
 * The stages of a Dockerfile and what they need of each other, before anything is looked up or run: which stage is
 * built, which stages it takes along, and that none of them needs itself.
 */
import { DockerError } from '@tsdocker/shared/errors.ts';
import { DockerfileError, invalid } from '../dockerfile/errors.ts';
import { parseInstruction } from '../dockerfile/instructions/index.ts';
import type { ArgInstruction, FromInstruction, Instruction } from '../dockerfile/instructions/types.ts';
import type { Dockerfile } from '../dockerfile/parse.ts';

export interface Stage {
  index: number;
  /** Lower case. */
  name?: string;
  from: FromInstruction & Instruction;
  /** All but FROM. */
  instructions: Instruction[];
  /** Comments right above FROM. */
  comments: string[];
}

export interface StagePlan {
  /** ARGs before the first FROM. */
  globals: (ArgInstruction & Instruction)[];
  stages: Stage[];
  target: Stage;
}

/** What a stage takes from elsewhere: another stage by index, or a name to be resolved as context or image. */
export type Source = { stage: number } | { name: string };

/**
 * @param target name or number of a stage; undefined is the last one
 * @throws DockerfileError; InvalidParameter for a target that is not there
 */
export function planStages(dockerfile: Dockerfile, target?: string): StagePlan {
  const { statements, directives } = dockerfile;
  const globals: StagePlan['globals'] = [];
  const stages: Stage[] = [];
  for (const statement of statements) {
    const instruction = parseInstruction(statement, directives.escape);
    const stage = stages.at(-1);
    if (instruction.kind === 'FROM') {
      const { name } = instruction;
      stages.push({
        index: stages.length,
        ...(name && { name }),
        from: instruction,
        instructions: [],
        comments: statement.comments,
      });
    } else if (stage) stage.instructions.push(instruction);
    else if (instruction.kind === 'ARG') globals.push(instruction);
    else throw new DockerfileError('no build stage in current context', instruction.location);
  }
  if (stages.length === 0) throw invalid('no build stage in current context');
  return { globals, stages, target: findTarget(stages, target) };
}

function findTarget(stages: readonly Stage[], target: string | undefined): Stage {
  const last = stages.at(-1) as Stage;
  if (target === undefined || target === '') return last;
  // The last of several stages with one name wins, as it does in FROM.
  const named = stages.findLast((s) => s.name === target.toLowerCase());
  const numbered = /^\d+$/.test(target) ? stages[Number(target)] : undefined;
  const found = named ?? numbered;
  if (!found) throw new DockerError('InvalidParameter', `target stage ${JSON.stringify(target)} could not be found`);
  return found;
}

/** What FROM names: an earlier stage, or something else. */
export function sourceOfFrom(stages: readonly Stage[], before: number, image: string): Source {
  const stage = stages.slice(0, before).findLast((s) => s.name === image.toLowerCase());
  return stage ? { stage: stage.index } : { name: image };
}

/**
 * What `--from` names: a stage by name, an earlier one by number, or something else.
 * @throws InvalidParameter for a number that is no earlier stage
 */
export function sourceOfCopy(stages: readonly Stage[], at: number, from: string): Source {
  const named = stages.findLast((s) => s.name === from.toLowerCase());
  if (named) return { stage: named.index };
  if (/^\d+$/.test(from)) {
    if (Number(from) >= at) throw invalid(`invalid from flag value ${from}: invalid stage index ${from}`);
    return { stage: Number(from) };
  }
  return { name: from };
}

/** Names in `--from` flags and mounts of an instruction. */
export function namedSources(instruction: Instruction): string[] {
  if (instruction.kind === 'COPY' && instruction.flags.from) return [instruction.flags.from];
  if (instruction.kind === 'RUN') return instruction.mounts.flatMap((m) => (m.from ? [m.from] : []));
  return [];
}

/**
 * Stages that the target needs, itself included, in the file's order.
 * @param expandFrom the image of a FROM with its global ARGs put in
 * @throws DockerfileError for a stage that needs itself
 */
export function neededStages(plan: StagePlan, expandFrom: (from: FromInstruction) => string): Stage[] {
  const needed = new Set<Stage>();
  const visit = (stage: Stage, path: Stage[]): void => {
    if (path.includes(stage)) {
      const name = stage.name ?? String(stage.index);
      throw new DockerfileError(`circular dependency detected on stage: ${name}`, stage.from.location);
    }
    if (needed.has(stage)) return;
    const inner = [...path, stage];
    for (const source of sourcesOf(plan.stages, stage, expandFrom))
      if ('stage' in source) visit(plan.stages[source.stage] as Stage, inner);
    needed.add(stage);
  };
  visit(plan.target, []);
  return plan.stages.filter((s) => needed.has(s));
}

function sourcesOf(stages: readonly Stage[], stage: Stage, expandFrom: (from: FromInstruction) => string): Source[] {
  const own = stage.instructions.flatMap((instruction) =>
    namedSources(instruction).map((name) => {
      try {
        return sourceOfCopy(stages, stage.index, name);
      } catch (err) {
        throw new DockerfileError((err as Error).message, instruction.location);
      }
    }),
  );
  return [sourceOfFrom(stages, stage.index, expandFrom(stage.from)), ...own];
}
