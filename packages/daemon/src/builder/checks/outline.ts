/** What a build takes (`--call=outline`) and what it can build (`--call=targets`). */
import { posix } from 'node:path';
import type { BuildOutline, BuildTarget } from '@tsdocker/shared/types/build.ts';
import type { Instruction } from '../../dockerfile/instructions/types.ts';
import type { Dockerfile } from '../../dockerfile/parse.ts';
import { argValue, type BuildArgs } from '../arguments.ts';
import type { Stage, StagePlan } from '../stages.ts';

export interface OutlineInput {
  dockerfile: Dockerfile;
  plan: StagePlan;
  needed: readonly Stage[];
  globals: ReadonlyMap<string, string>;
  buildArgs: BuildArgs;
}

export function outlineOf({ dockerfile, plan, needed, globals, buildArgs }: OutlineInput): BuildOutline {
  const comments = new Map(dockerfile.statements.map((s) => [s.startLine, s.comments]));
  const describe = (line: number, name: string) => descriptionOf(comments.get(line) ?? [], name);
  const used = new Set(
    needed.flatMap(({ from }) => [...`${from.image} ${from.platform ?? ''}`.matchAll(/\w+/g)].map(String)),
  );
  const all = needed.flatMap((stage) => stage.instructions);
  for (const { args } of all.filter((i) => i.kind === 'ARG')) for (const { name } of args) used.add(name);
  const args = new Map<string, BuildOutline['args'][number]>();
  for (const { args: declared, location } of [...plan.globals, ...all.filter((i) => i.kind === 'ARG')])
    for (const { name, value } of declared.filter((arg) => used.has(arg.name))) {
      const description = describe(location.startLine, name) ?? args.get(name)?.description;
      const chosen = argValue(name, value, globals, buildArgs);
      args.set(name, {
        name,
        ...(chosen !== undefined && { value: chosen }),
        ...(description !== undefined && { description }),
        line: args.get(name)?.line ?? location.startLine,
      });
    }
  const { target } = plan;
  const description = target.name === undefined ? undefined : describe(target.from.location.startLine, target.name);
  return {
    ...(target.name !== undefined && { name: target.name }),
    ...(description !== undefined && { description }),
    args: [...args.values()],
    ...mountsOf(all),
  };
}

function mountsOf(instructions: readonly Instruction[]): Pick<BuildOutline, 'secrets' | 'ssh' | 'cache'> {
  const secrets = new Map<string, BuildOutline['secrets'][number]>();
  const ssh = new Map<string, BuildOutline['ssh'][number]>();
  const cache = new Map<string, BuildOutline['cache'][number]>();
  for (const instruction of instructions) {
    if (instruction.kind !== 'RUN') continue;
    const line = instruction.location.startLine;
    for (const { type, id, target = '', required } of instruction.mounts) {
      if (type === 'cache') cache.set(id ?? target, { id: id ?? target, line });
      if (type !== 'secret' && type !== 'ssh') continue;
      const known = type === 'ssh' ? ssh : secrets;
      const name = id ?? (type === 'ssh' ? 'default' : posix.basename(target));
      known.set(name, { name, required: required || (known.get(name)?.required ?? false), line });
    }
  }
  return { secrets: [...secrets.values()], ssh: [...ssh.values()], cache: [...cache.values()] };
}

export function targetsOf(plan: StagePlan, imageOf: (stage: Stage) => string): BuildTarget[] {
  return plan.stages.map((stage) => {
    const description = stage.name === undefined ? undefined : descriptionOf(stage.comments, stage.name);
    return {
      ...(stage.name !== undefined && { name: stage.name }),
      default: stage === plan.stages.at(-1),
      ...(description !== undefined && { description }),
      base: imageOf(stage),
      ...(stage.from.platform !== undefined && { platform: stage.from.platform }),
      line: stage.from.location.startLine,
    };
  });
}

/** A comment `NAME text` right above what has the name. */
function descriptionOf(comments: readonly string[], name: string): string | undefined {
  return comments.find((line) => line.startsWith(`${name} `))?.slice(name.length + 1);
}
