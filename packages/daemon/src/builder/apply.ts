/** Instructions that change the configuration and nothing else. Pure: the state before, the state after. */
import { durationString } from '@tsdocker/shared/durations.ts';
import { parseSignal } from '@tsdocker/shared/signals.ts';
import type { ImageConfig } from '@tsdocker/shared/types/image.ts';
import { invalid } from '../dockerfile/errors.ts';
import type {
  CommandLine,
  HealthcheckInstruction,
  Instruction,
  PairsInstruction,
} from '../dockerfile/instructions/types.ts';
import { expand } from '../dockerfile/shell-lex.ts';
import { argValue, type BuildArgs } from './arguments.ts';
import { BUILDKIT_COMMENT, type HistoryStyle, metadataEntry, wordList } from './history.ts';
import { exposedPorts } from './ports.ts';
import { envOf, type StageState, shellOf, variables, withEnv } from './stage-state.ts';

export interface ApplyContext {
  escape: string;
  globals: ReadonlyMap<string, string>;
  buildArgs: BuildArgs;
  history: HistoryStyle;
  /** RFC 3339; of history entries. */
  created: string;
  /** Told of variables that are asked for and not set. */
  onUnset(name: string): void;
}

/** Instructions that need the engine. */
export type StepKind = 'RUN' | 'COPY' | 'ADD' | 'WORKDIR' | 'FROM';
export type MetadataInstruction = Exclude<Instruction, { kind: StepKind }>;

export function isMetadata(instruction: Instruction): instruction is MetadataInstruction {
  return !['RUN', 'COPY', 'ADD', 'WORKDIR', 'FROM'].includes(instruction.kind);
}

/** @throws InvalidParameter */
export function applyInstruction(state: StageState, instruction: MetadataInstruction, ctx: ApplyContext): StageState {
  const { kind } = instruction;
  const expandOne = expander(state, ctx);
  switch (kind) {
    case 'ARG':
      return applyArg(state, instruction, ctx);
    case 'ENV':
    case 'LABEL':
      return applyPairs(state, instruction, ctx);
    case 'CMD': {
      const argv = commandOf(state, instruction.command);
      const change = { Cmd: argv, ...('shell' in instruction.command && { ArgsEscaped: true }) };
      const next = noted(state, ctx, kind, wordList(ctx.history, argv), change);
      if (!('shell' in instruction.command)) delete next.config.ArgsEscaped;
      return { ...next, hasCmd: true };
    }
    case 'ENTRYPOINT': {
      const argv = commandOf(state, instruction.command);
      const next = noted(state, ctx, kind, wordList(ctx.history, argv), { Entrypoint: argv });
      if (!state.hasCmd) delete next.config.Cmd;
      return next;
    }
    case 'SHELL': {
      const text = ctx.history === 'buildkit' ? JSON.stringify(instruction.shell) : `[${instruction.shell.join(' ')}]`;
      return noted(state, ctx, kind, text, { Shell: instruction.shell });
    }
    case 'USER': {
      const user = expandOne(instruction.word).value;
      return noted(state, ctx, kind, user, { User: user });
    }
    case 'STOPSIGNAL': {
      const signal = expandOne(instruction.word).value;
      parseSignal(signal);
      return noted(state, ctx, kind, signal, { StopSignal: signal });
    }
    case 'MAINTAINER':
      return { ...noted(state, ctx, kind, instruction.word, {}), author: instruction.word };
    case 'EXPOSE': {
      const words = instruction.words.flatMap((w) => expandOne(w).words);
      const ports = words.flatMap(exposedPorts);
      const text = ctx.history === 'buildkit' ? `[${ports.join(' ')}]` : words.toSorted().join(' ');
      return noted(state, ctx, kind, text, {
        ExposedPorts: { ...state.config.ExposedPorts, ...Object.fromEntries(ports.map((p) => [p, {}])) },
      });
    }
    case 'VOLUME': {
      const paths = instruction.words.map((w) => expandOne(w).value);
      if (paths.some((p) => p === '')) throw invalid('VOLUME specified can not be an empty string');
      return noted(state, ctx, kind, `[${paths.join(' ')}]`, {
        Volumes: { ...state.config.Volumes, ...Object.fromEntries(paths.map((p) => [p, {}])) },
      });
    }
    case 'HEALTHCHECK':
      return applyHealthcheck(state, instruction, ctx);
    case 'ONBUILD':
      return noted(state, ctx, kind, instruction.trigger, {
        OnBuild: [...(state.config.OnBuild ?? []), instruction.trigger],
      });
  }
}

/** Expands with what is set before the instruction. */
export function expander(state: StageState, ctx: Pick<ApplyContext, 'escape' | 'onUnset'>) {
  const known = variables(state);
  return (text: string) => {
    const expansion = expand(text, { lookup: (name) => known.get(name), escape: ctx.escape });
    for (const name of expansion.unset) ctx.onUnset(name);
    return expansion;
  };
}

/** The state with a changed configuration and a line of history. */
function noted(
  state: StageState,
  ctx: Pick<ApplyContext, 'history' | 'created'>,
  keyword: string,
  text: string,
  change: Partial<ImageConfig>,
): StageState {
  return {
    ...state,
    config: { ...state.config, ...change },
    history: [
      ...state.history,
      {
        created: ctx.created,
        created_by: metadataEntry(ctx.history, keyword, text, change.Shell ?? shellOf(state)),
        ...(ctx.history === 'buildkit' && { comment: BUILDKIT_COMMENT }),
        empty_layer: true,
      },
    ],
  };
}

function applyArg(state: StageState, instruction: Instruction & { kind: 'ARG' }, ctx: ApplyContext): StageState {
  const args = new Map(state.args);
  const texts: string[] = [];
  const inEnv = new Set(envOf(state.config).map(([name]) => name));
  for (const { name, value } of instruction.args) {
    const expandOne = expander({ ...state, args }, ctx);
    const fallback = value === undefined ? undefined : expandOne(value).value;
    const chosen = argValue(name, fallback, ctx.globals, ctx.buildArgs);
    // The classic builder's ENV wins wherever it stands; BuildKit goes by the later line.
    if (ctx.history !== 'classic' || !inEnv.has(name)) args.set(name, chosen);
    const told = ctx.history === 'classic' ? fallback : chosen;
    texts.push(told === undefined ? name : `${name}=${told}`);
  }
  return { ...noted(state, ctx, 'ARG', texts.join(' '), {}), args };
}

function applyPairs(state: StageState, instruction: PairsInstruction, ctx: ApplyContext): StageState {
  const expandOne = expander(state, ctx);
  const pairs = instruction.pairs.map(({ name, value }): [string, string] => {
    const expanded = expandOne(name).value;
    if (expanded === '') throw invalid(`${instruction.kind} names can not be blank`);
    return [expanded, expandOne(value).value];
  });
  const text = pairs.map(([name, value]) => `${name}=${value}`).join(' ');
  if (instruction.kind === 'LABEL')
    return noted(state, ctx, 'LABEL', text, { Labels: { ...state.config.Labels, ...Object.fromEntries(pairs) } });
  const Env = pairs.reduce((env, [name, value]) => withEnv(env, name, value), state.config.Env ?? []);
  const args = new Map(state.args);
  for (const [name] of pairs) args.delete(name);
  return { ...noted(state, ctx, 'ENV', text, { Env }), args };
}

function applyHealthcheck(state: StageState, instruction: HealthcheckInstruction, ctx: ApplyContext): StageState {
  const { command } = instruction;
  const Healthcheck: NonNullable<ImageConfig['Healthcheck']> = command
    ? {
        Test: 'exec' in command ? ['CMD', ...command.exec] : ['CMD-SHELL', command.shell],
        ...(instruction.intervalNanos !== undefined && { Interval: instruction.intervalNanos }),
        ...(instruction.timeoutNanos !== undefined && { Timeout: instruction.timeoutNanos }),
        ...(instruction.startPeriodNanos !== undefined && { StartPeriod: instruction.startPeriodNanos }),
        ...(instruction.startIntervalNanos !== undefined && { StartInterval: instruction.startIntervalNanos }),
        ...(instruction.retries !== undefined && { Retries: instruction.retries }),
      }
    : { Test: ['NONE'] };
  const text = ctx.history === 'buildkit' ? JSON.stringify(Healthcheck.Test) : goHealthcheck(Healthcheck);
  return noted(state, ctx, 'HEALTHCHECK', text, { Healthcheck });
}

/** As Go prints the structure with `%q`. */
function goHealthcheck(check: NonNullable<ImageConfig['Healthcheck']>): string {
  const times = [check.Interval, check.Timeout, check.StartPeriod, check.StartInterval].map(
    (nanos) => `"${durationString(nanos ?? 0)}"`,
  );
  const retries = `'\\x${(check.Retries ?? 0).toString(16).padStart(2, '0')}'`;
  return `&{${wordList('classic', check.Test ?? [])} ${times.join(' ')} ${retries}}`;
}

/** The argument vector a command line stands for. */
export function commandOf(state: StageState, command: CommandLine): string[] {
  return 'exec' in command ? command.exec : [...shellOf(state), command.shell];
}
