/** One stage from FROM to its last instruction: each step is found in the cache or carried out. */
import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { DockerError } from '@tsdocker/shared/errors.ts';
import { parsePlatform, platformString } from '@tsdocker/shared/platform.ts';
import type { Mount } from '@tsdocker/shared/types/container.ts';
import { DockerfileError, invalid } from '../dockerfile/errors.ts';
import { parseInstruction } from '../dockerfile/instructions/index.ts';
import type { CopyInstruction, Instruction, RunInstruction } from '../dockerfile/instructions/types.ts';
import { parseDockerfile } from '../dockerfile/parse.ts';
import type { CachedStep } from '../images/stages.ts';
import type { TreeView } from '../snapshots/tree-helper.ts';
import { type ApplyContext, applyInstruction, commandOf, expander, isMetadata } from './apply.ts';
import { PREDEFINED } from './arguments.ts';
import { copyInto, makeDirectory, type Owner } from './copy-step.ts';
import { BUILDKIT_COMMENT, copyEntry, metadataEntry, runEntry } from './history.ts';
import { parsePermissions } from './permissions.ts';
import { missingOnTheWay, prepareMounts, removeMountPoints, runStep, SCRIPTS, scriptMount } from './run-step.ts';
import type { Solver } from './solver.ts';
import { sourcesFor } from './sources.ts';
import { envOf, type StageState, scratch, shellOf, variables, withEnv, withPath } from './stage-state.ts';
import { type Stage, sourceOfFrom } from './stages.ts';

type Step = Instruction & { kind: 'RUN' | 'COPY' | 'ADD' | 'WORKDIR' };

/** @throws what a step fails with; the step's event has been published then */
export async function solveStage(solver: Solver, stage: Stage): Promise<StageState> {
  const begun = await beginStage(solver, stage);
  const { OnBuild: triggers, ...config } = begun.config;
  let state: StageState = { ...begun, config };
  const instructions = [...(triggers ?? []).flatMap(triggered), ...stage.instructions];
  let number = 1;
  for (const instruction of instructions) {
    solver.opts.signal.throwIfAborted();
    solver.instruction(instruction.original);
    if (isMetadata(instruction)) {
      state = located(instruction, () => applyInstruction(state, instruction, applyContext(solver)));
      continue;
    }
    number += 1;
    const name = stepName(solver, stage, instructions, number, instruction.original);
    const before = state;
    state = await solver.step(name, instruction.location, (step) =>
      carryOut(solver, stage, before, instruction as Step, step),
    );
  }
  return state;
}

/** `[build 2/4] RUN make`: FROM counts, and every instruction that takes time. */
function stepName(
  solver: Solver,
  stage: Stage,
  instructions: readonly Instruction[],
  number: number,
  text: string,
): string {
  const total = instructions.filter((i) => !isMetadata(i)).length + 1;
  return `[${solver.labelOf(stage)}${number}/${total}] ${text.split('\n', 1)[0]}`;
}

function located<T>(instruction: Instruction, work: () => T): T {
  try {
    return work();
  } catch (err) {
    if (err instanceof DockerfileError || !(err instanceof DockerError)) throw err;
    throw new DockerfileError(err.message, instruction.location);
  }
}

function applyContext(solver: Solver): ApplyContext {
  const { globals, opts } = solver;
  return {
    escape: solver.escape,
    globals,
    buildArgs: opts.buildArgs,
    history: opts.history,
    // Filled in when the image is made.
    created: '',
    onUnset: () => {},
  };
}

async function beginStage(solver: Solver, stage: Stage): Promise<StageState> {
  const name = solver.imageOf(stage.from);
  const platform = solver.platformOf(stage.from);
  solver.instruction(stage.from.original);
  const source = sourceOfFrom(solver.plan.stages, stage.index, name);
  if ('stage' in source) {
    const from = await solver.stageFor(stage.index, source.stage);
    // The classic builder forgets the arguments of the stage below.
    return { ...from, args: solver.opts.history === 'classic' ? new Map() : from.args, hasCmd: false };
  }
  if (name === 'scratch') return scratch(platform);
  const label = stepName(solver, stage, stage.instructions, 1, `FROM ${name}`);
  const base = await solver.step(label, stage.from.location, (step) => solver.baseImage(name, platform, step));
  solver.opts.onEvent({ kind: 'base', image: base.id });
  return {
    config: withPath(base.config),
    history: base.history,
    ...(base.author && { author: base.author }),
    chainIds: base.chainIds,
    key: base.chainIds.at(-1) ?? 'scratch',
    args: new Map(),
    hasCmd: false,
    platform: platformString(base.platform),
  };
}

/** What an ONBUILD of the base has for this stage. */
function triggered(text: string): Instruction[] {
  return parseDockerfile(text).statements.map((statement) => parseInstruction(statement, '\\'));
}

/** Puts in the variables that are set before the instruction. */
function expanding(solver: Solver, state: StageState): (text: string) => string {
  const expandOne = expander(state, { escape: solver.escape, onUnset: () => {} });
  return (text) => expandOne(text).value;
}

/** BuildKit's; one name for all, so that a program that writes it down makes the same file each time. */
const SANDBOX = 'buildkitsandbox';

const keyOf = (...parts: unknown[]): string => createHash('sha256').update(JSON.stringify(parts)).digest('hex');

function carryOut(
  solver: Solver,
  stage: Stage,
  state: StageState,
  instruction: Step,
  step: number,
): Promise<StageState> {
  if (instruction.kind === 'RUN') return run(solver, stage, state, instruction, step);
  if (instruction.kind === 'WORKDIR') return workdir(solver, state, instruction, step);
  return copy(solver, stage, state, instruction, step);
}

/** From the cache, or by `make`. */
async function layer(
  solver: Solver,
  state: StageState,
  opts: { key: string; description: string; step: number; createdBy: string },
  make: () => Promise<CachedStep>,
): Promise<StageState> {
  const found = solver.opts.useCache ? solver.session.cached(opts.key) : undefined;
  if (found) solver.opts.onEvent({ kind: 'cached', step: opts.step });
  const { chainIds, created } = found ?? (await make());
  const isEmpty = chainIds.length === state.chainIds.length;
  return {
    ...state,
    chainIds,
    key: opts.key,
    history: [
      ...state.history,
      {
        created,
        created_by: opts.createdBy,
        ...(solver.opts.history === 'buildkit' && { comment: BUILDKIT_COMMENT }),
        ...(isEmpty && { empty_layer: true }),
      },
    ],
  };
}

async function run(
  solver: Solver,
  stage: Stage,
  state: StageState,
  instruction: RunInstruction & Instruction,
  step: number,
): Promise<StageState> {
  const { opts } = solver;
  checkEntitlements(solver, instruction);
  const expanded = expanding(solver, state);
  const { argv, script } = commandOfRun(state, instruction);
  // Proxies are given without being declared, and stay out of keys and history then.
  const args = [...state.args].filter(([, value]) => value !== undefined);
  const set = new Set([...envOf(state.config).map(([name]) => name), ...args.map(([name]) => name)]);
  const proxies = Object.entries(opts.buildArgs).filter(
    ([name, value]) => PREDEFINED.has(name) && value !== null && !set.has(name),
  );
  const env = args.reduce((all, [name, value]) => withEnv(all, name, value as string), state.config.Env ?? []);
  const workingDir = state.config.WorkingDir || '/';
  const user = state.config.User ?? '';
  const bound = await Promise.all(
    instruction.mounts
      .filter((mount) => mount.type === 'bind')
      .map(async (mount) =>
        mount.from === undefined
          ? solver.digestOf(expanded(mount.source ?? ''))
          : (await solver.treeOf(stage, mount.from)).key,
      ),
  );
  const network = instruction.network === 'default' ? opts.hostConfig.NetworkMode : instruction.network;
  const mountTexts = instruction.mounts.map((mount) => JSON.stringify(mount));
  const hosts = opts.hostConfig.ExtraHosts ?? [];
  const hostname = opts.history === 'classic' ? undefined : (opts.buildArgs['BUILDKIT_SANDBOX_HOSTNAME'] ?? SANDBOX);
  const { security } = instruction;
  const how = { workingDir, user, network, hosts, security, hostname, script: script?.content };
  const key = keyOf(state.key, 'RUN', argv, env, how, mountTexts, bound);
  const createdBy = runEntry(opts.history, argv, args.map(assignment));
  return layer(solver, state, { key, description: instruction.original, step, createdBy }, async () => {
    const prepared = await prepareMounts(instruction.mounts, expanded, workingDir, solver.mountSourcesOf(stage));
    if (script) prepared.mounts.push(scriptMount(await solver.newDirectory(), script.name, script.content));
    const targets = prepared.mounts.map((mount: Mount) => mount.Target as string);
    const stubs =
      targets.length > 0 ? await solver.inTree(state.chainIds, (view) => missingOnTheWay(view, targets)) : [];
    const image = await solver.session.stageImage(state.chainIds, parsePlatform(state.platform));
    const work = () =>
      runStep(
        solver.containers,
        {
          image,
          argv,
          env: [...env, ...proxies.map(assignment), ...prepared.env],
          workingDir,
          user,
          hostname,
          hostConfig: {
            ...opts.hostConfig,
            ...(network && { NetworkMode: network }),
            ...(security === 'insecure' && { Privileged: true }),
          },
          mounts: prepared.mounts,
          command: argv.join(' '),
          onContainer: (container) => opts.onEvent({ kind: 'running', step, container }),
          room: opts.room,
          onOutput: (stream, text) => opts.onEvent({ kind: 'log', step, stream, text }),
          signal: opts.signal,
        },
        async (container) => {
          const { upper } = await solver.rootfsOf(container);
          removeMountPoints(upper, stubs);
          const made = await solver.session.capture(
            container,
            state.chainIds,
            { key, description: instruction.original },
            opts.signal,
          );
          opts.onEvent({ kind: 'removed', step, container });
          return made;
        },
      );
    return await solver.holding(prepared.locks, work);
  });
}

const assignment = ([name, value]: [string, string | null | undefined]): string => `${name}=${value}`;

/** What RUN may have only when the client says so. @throws InvalidParameter */
function checkEntitlements({ opts }: Solver, { network, security }: RunInstruction): void {
  if (network === 'host' && opts.hostConfig.NetworkMode !== 'host' && !opts.allowed.includes('network.host'))
    throw invalid('granting entitlement network.host is not allowed by build: give --allow network.host');
  if (security === 'insecure' && !opts.allowed.includes('security.insecure'))
    throw invalid('granting entitlement security.insecure is not allowed by build: give --allow security.insecure');
}

/** A here-document alone is the script, or, if it names its interpreter, a file to run; after other words the shell reads it. */
function commandOfRun(
  state: StageState,
  instruction: RunInstruction,
): { argv: string[]; script?: { name: string; content: string } } {
  const { command, heredocs } = instruction;
  if ('exec' in command || heredocs.length === 0) return { argv: commandOf(state, command) };
  const [only] = heredocs;
  if (heredocs.length > 1 || !only || !/^\d*<<-?\S+$/.test(command.shell)) {
    const bodies = heredocs.map((heredoc) => `${heredoc.content}${heredoc.name}`);
    return { argv: commandOf(state, { shell: [command.shell, ...bodies].join('\n') }) };
  }
  const { name, content } = only;
  if (!content.startsWith('#!')) return { argv: commandOf(state, { shell: content }) };
  if (name.includes('/')) throw invalid(`here-document ${JSON.stringify(name)}: a script's name has no slash`);
  return { argv: commandOf(state, { shell: `${SCRIPTS}/${name}` }), script: { name, content } };
}

/** An account the image does not have is root, as it is for BuildKit. */
function ownerIn(solver: Solver, layers: string[], user: string): Owner {
  try {
    return solver.ownerOf(layers, user);
  } catch (err) {
    if (err instanceof DockerError && err.code === 'InvalidParameter') return { uid: 0, gid: 0 };
    throw err;
  }
}

async function workdir(
  solver: Solver,
  state: StageState,
  instruction: Instruction & { kind: 'WORKDIR' },
  step: number,
): Promise<StageState> {
  const text = expanding(solver, state)(instruction.word);
  if (text === '') throw invalid('cannot normalize nothing');
  const path = posix.resolve(state.config.WorkingDir || '/', text);
  // The classic builder's directories are root's whoever works in them.
  const user = solver.opts.history === 'classic' ? '' : (state.config.User ?? '');
  const key = keyOf(state.key, 'WORKDIR', path, user);
  const description = instruction.original;
  const createdBy = metadataEntry(solver.opts.history, 'WORKDIR', path, shellOf(state));
  const next = await layer(solver, state, { key, description, step, createdBy }, () =>
    solver.changeTree(state.chainIds, { key, description }, (view, layers) =>
      makeDirectory(view, path, user === '' ? undefined : ownerIn(solver, layers, user)),
    ),
  );
  return { ...next, config: { ...next.config, WorkingDir: path } };
}

async function copy(
  solver: Solver,
  stage: Stage,
  state: StageState,
  instruction: CopyInstruction & Instruction,
  step: number,
): Promise<StageState> {
  const { kind, flags } = instruction;
  const expanded = expanding(solver, state);
  const destText = expanded(instruction.dest);
  if (destText === '') throw invalid(`${kind}: the destination is empty`);
  const isDirectory = /(^|\/)\.?$/.test(destText) || /(^|\/)\.\.$/.test(destText);
  const dest = `${posix.resolve(state.config.WorkingDir || '/', destText)}${isDirectory ? '/' : ''}`.replace(
    /^\/\/$/,
    '/',
  );
  const sources = await sourcesFor(solver, stage, instruction, { expanded, known: variables(state) });
  const chmod = flags.chmod === undefined ? undefined : expanded(flags.chmod);
  const permissions = chmod === undefined ? undefined : parsePermissions(chmod);
  const chown = flags.chown === undefined ? undefined : expanded(flags.chown);
  const digests = [
    ...(await Promise.all(
      sources.copied.map(async ({ source, below }) => [source.base, below, await source.digest()]),
    )),
    ...sources.archives.map(({ digest }) => ['unpack', digest]),
  ];
  const key = keyOf(state.key, kind, dest, chown, chmod, flags.parents, flags.link, flags.exclude, digests);
  const createdBy = copyEntry(
    solver.opts.history,
    instruction,
    {
      sources: instruction.sources.map(expanded),
      dest: destText,
      digest: keyOf(digests),
      kind: digests.length > 1 ? 'multi' : sources.copied[0]?.source.isDirectory ? 'dir' : 'file',
    },
    shellOf(state),
  );
  const description = instruction.original;
  // A layer for itself, as if on an empty tree, unless names have to be looked up in what is below.
  const isApart = flags.link && (chown === undefined || /^\d+(:\d+)?$/.test(chown));
  return layer(solver, state, { key, description, step, createdBy }, () =>
    solver.changeTree(state.chainIds, { key, description, isApart }, async (view: TreeView, layers) => {
      const owner = chown === undefined ? undefined : solver.ownerOf(layers, chown);
      const groups = new Map<string, typeof sources.copied>();
      for (const item of sources.copied) groups.set(item.below, [...(groups.get(item.below) ?? []), item]);
      for (const [below, items] of groups) {
        const place = below === '' ? dest : `${dest.replace(/\/$/, '')}/${below}/`;
        await copyInto(view, { sources: items.map((i) => i.source), archives: [], dest: place, owner, permissions });
      }
      if (sources.archives.length > 0)
        await copyInto(view, { sources: [], archives: sources.archives, dest, owner, permissions });
    }),
  );
}
