/**
 * The builder domain: Dockerfile, context and cache become an image. Owns `<data-root>/builder`: `builds/` holds what a
 * running build needs and is emptied at the start, `caches/` the directories of cache mounts.
 */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { isExtraDockerfile } from '@tsdocker/shared/extra-dockerfile.ts';
import { ExcludeList } from '@tsdocker/shared/path-patterns.ts';
import { parsePlatform, platformString } from '@tsdocker/shared/platform.ts';
import type { Mutex } from '../containers/mutex.ts';
import type { ContainerService } from '../containers/service.types.ts';
import { DockerfileError, invalid } from '../dockerfile/errors.ts';
import { physicalLines } from '../dockerfile/logical-lines.ts';
import { parseDockerfile } from '../dockerfile/parse.ts';
import { expand } from '../dockerfile/shell-lex.ts';
import type { ImageService } from '../images/service.types.ts';
import type { StageSession, StageStore } from '../images/stages.ts';
import { native } from '../runtime/native/bindings.ts';
import { globalArgs, platformArgs } from './arguments.ts';
import { answerCall } from './checks/answer.ts';
import { type CheckInput, checkBuild, checkDirective, failOnWarnings } from './checks/check-build.ts';
import { ContextFiles, receiveContext } from './context.ts';
import type { Owner } from './copy-step.ts';
import { failedPlace } from './failed-place.ts';
import { pruneCache, shownId } from './prune.ts';
import { STEP_LABEL } from './run-step.ts';
import type { BuildOptions, BuildService } from './service.types.ts';
import { Solver } from './solver.ts';
import type { StageState } from './stage-state.ts';
import { neededStages, planStages, type Stage, type StagePlan } from './stages.ts';

export interface BuildServiceOptions {
  /** Absolute. */
  dataRoot: string;
  /** In memory where the host has such a place; for secrets. */
  execRoot: string;
  /** `os/arch` of this machine. */
  platform: string;
  images: Pick<ImageService, 'pull' | 'rootfsOf'>;
  stages: StageStore;
  containers: ContainerService;
  /** `user[:group]` in a tree, top layer first. */
  ownerOf(layers: string[], text: string): Owner;
  log: { warn(message: string, fields?: Record<string, unknown>): void };
}

export async function createBuildService(parts: BuildServiceOptions): Promise<BuildService> {
  const builds = join(parts.dataRoot, 'builder/builds');
  // What a client named too long for a host path is removed from inside, and never keeps the daemon from starting.
  for (const left of [builds, secretsOf(parts)]) await removed(parts, left);
  await mkdir(builds, { recursive: true, mode: 0o700 });
  const caches = join(parts.dataRoot, 'builder/caches');
  await mkdir(caches, { recursive: true, mode: 0o700 });
  const cacheLocks = new Map<string, Mutex>();
  let running = 0;
  return {
    build: async (opts) => {
      running += 1;
      try {
        return await build(parts, builds, cacheLocks, opts);
      } finally {
        running -= 1;
      }
    },
    cacheUsage: () =>
      Object.entries(parts.stages.records()).map(([id, record]) => {
        const { description, sizeBytes, created, lastUsed, uses, shared } = record;
        return { id: shownId(id), description, sizeBytes, created, lastUsed, uses, shared };
      }),
    prune: async (opts) => {
      const { deleted, reclaimedBytes } = await pruneCache(parts.stages, opts);
      // Whole cache mounts go with everything else, and not from under a step.
      const isWhole = opts.all && opts.unusedForMillis === undefined && opts.keepBytes === undefined;
      if (!isWhole || running > 0) return { deleted, reclaimedBytes };
      const mounts = await native.treeBytes(caches);
      await native.removeTree(caches);
      await mkdir(caches, { recursive: true, mode: 0o700 });
      return { deleted, reclaimedBytes: reclaimedBytes + mounts };
    },
    restore: async () => {
      const left = await parts.containers.list({ all: true, size: false, filters: { label: [STEP_LABEL] } });
      for (const { Id = '' } of left)
        await parts.containers
          .remove(Id, { force: true, volumes: true, link: false })
          .catch((err) => parts.log.warn('container of a build not removed', { container: Id, error: err.message }));
    },
  };
}

async function removed(parts: BuildServiceOptions, path: string): Promise<void> {
  await native
    .removeTree(path)
    .catch((err) => parts.log.warn('files of a build not removed', { path, error: (err as Error).message }));
}

const secretsOf = ({ execRoot }: BuildServiceOptions): string => join(execRoot, 'build-secrets');

async function build(
  parts: BuildServiceOptions,
  builds: string,
  cacheLocks: Map<string, Mutex>,
  given: BuildOptions,
): Promise<string> {
  const stop = new AbortController();
  const opts = { ...given, signal: AbortSignal.any([given.signal, stop.signal]) };
  const directory = await mkdtemp(join(builds, 'build-'));
  const secretDirectory = join(secretsOf(parts), directory.slice(-6));
  const session = parts.stages.open();
  try {
    const context = join(directory, 'context');
    await mkdir(context);
    await receiveContext(context, opts.context);
    const whole = new ContextFiles(context);
    const text = readDockerfile(whole, opts);
    const lines = physicalLines(text);
    const dockerfile = told(opts, lines, () => parseDockerfile(text));
    const plan = told(opts, lines, () => planStages(dockerfile, opts.target));
    const platform = opts.platform || parts.platform;
    const automatic = platformArgs({
      target: platformString(parsePlatform(platform)),
      build: parts.platform,
      targetStage: plan.target.name,
    });
    const { escape: escapeToken } = dockerfile.directives;
    const globals = globalArgs(plan.globals, automatic, opts.buildArgs, escapeToken);
    const needed = told(opts, lines, () =>
      neededStages(
        plan,
        (from) => expand(from.image, { lookup: (name) => globals.get(name), escape: escapeToken }).value,
      ),
    );
    const ignored = ignoreList(whole, opts.dockerfile);
    const solver = new Solver({
      opts,
      plan,
      lines,
      escape: escapeToken,
      globals,
      platform,
      total: needed.reduce((sum, stage) => sum + 1 + stage.instructions.length, 0),
      files: new ContextFiles(context, ignored),
      session,
      containers: parts.containers,
      images: parts.images,
      ownerOf: parts.ownerOf,
      mountSources: {
        caches: join(parts.dataRoot, 'builder/caches'),
        secretDirectory,
        secrets: opts.secrets,
      },
      directory,
      cacheLocks,
    });
    const checked: CheckInput = {
      dockerfile,
      file: opts.dockerfile,
      plan,
      needed,
      globals,
      automatic,
      buildArgs: opts.buildArgs,
      ignored,
      imageOf: (stage) => solver.imageOf(stage.from),
      platformOf: (stage) => solver.platformOf(stage.from),
      base: (name) => solver.baseHere(name),
    };
    if (opts.call !== 'build') {
      opts.onEvent(await answerCall(opts.call, checked, text));
      return '';
    }
    const directive = checkDirective(dockerfile, opts.buildArgs);
    if (directive.error) failOnWarnings(directive, (await checkBuild(checked)).warnings);
    const state = await solved(solver, plan, needed, stop);
    const image = await finish(session, state, opts);
    // Now the base images are here, and what they set is known.
    if (opts.history === 'buildkit') opts.onEvent({ kind: 'warnings', warnings: (await checkBuild(checked)).warnings });
    return image;
  } finally {
    await session.close();
    for (const left of [directory, secretDirectory]) await removed(parts, left);
  }
}

function readDockerfile(files: ContextFiles, opts: BuildOptions): string {
  const text = files.readText(opts.dockerfile);
  if (text === undefined)
    throw invalid(`failed to read dockerfile: open ${opts.dockerfile}: no such file or directory`);
  if (text.trim() === '') throw invalid('the Dockerfile cannot be empty');
  return text;
}

/** A mistake in the text is shown with its lines. */
function told<T>(opts: BuildOptions, lines: readonly string[], work: () => T): T {
  try {
    return work();
  } catch (err) {
    if (err instanceof DockerfileError) {
      const place = failedPlace(opts.dockerfile, lines, err.location);
      opts.onEvent({ kind: 'failed', step: 0, message: err.message, place });
    }
    throw err;
  }
}

function ignoreList(files: ContextFiles, dockerfile: string): ExcludeList {
  const text = files.readText(`${dockerfile}.dockerignore`) ?? files.readText('.dockerignore') ?? '';
  try {
    const own = isExtraDockerfile(dockerfile) ? [dockerfile] : [];
    return new ExcludeList([...text.replace(/^\ufeff/, '').split(/\r?\n/), ...own]);
  } catch (err) {
    throw invalid(`failed to parse .dockerignore: ${(err as Error).message}`);
  }
}

/** Stages that do not need each other run at once; the classic stream tells them one after the other. */
async function solved(
  solver: Solver,
  plan: StagePlan,
  needed: readonly Stage[],
  stop: AbortController,
): Promise<StageState> {
  if (solver.opts.history === 'classic') for (const stage of needed) await solver.stage(stage.index);
  let failure: { err: unknown } | undefined;
  // The first failure is the build's and ends the others, before what they work in is removed.
  const running = needed.map((stage) =>
    solver.stage(stage.index).catch((err: unknown) => {
      failure ??= { err };
      stop.abort();
    }),
  );
  await Promise.all(running);
  if (failure) throw failure.err;
  return solver.stage(plan.target.index);
}

async function finish(session: StageSession, state: StageState, opts: BuildOptions): Promise<string> {
  const config = {
    ...state.config,
    ...(Object.keys(opts.labels).length > 0 && { Labels: { ...state.config.Labels, ...opts.labels } }),
  };
  const created = await createdOf(session, state, config, opts);
  const { os, architecture, variant } = parsePlatform(state.platform);
  const image = await session.finish(
    {
      config,
      history: state.history.map((entry) => (entry.created === '' ? { ...entry, created } : entry)),
      ...(state.author && { author: state.author }),
      created,
      platform: { os, architecture, ...(variant && { variant }) },
    },
    state.chainIds,
    opts.tags,
  );
  opts.onEvent({ kind: 'built', image, names: opts.tags });
  return image;
}

/** The time of the first build that made the same, so that a build out of the cache gives the same image. */
async function createdOf(
  session: StageSession,
  state: StageState,
  config: unknown,
  opts: BuildOptions,
): Promise<string> {
  const epoch = opts.buildArgs['SOURCE_DATE_EPOCH'];
  if (epoch != null) {
    if (!/^\d{1,11}$/.test(epoch)) throw invalid(`invalid SOURCE_DATE_EPOCH: ${epoch}`);
    return new Date(Number(epoch) * 1000).toISOString();
  }
  const texts = state.history.map((entry) => entry.created_by);
  const key = createHash('sha256')
    .update(JSON.stringify(['image', state.key, config, texts]))
    .digest('hex');
  const known = opts.useCache ? session.cached(key) : undefined;
  return (known ?? (await session.remember({ key, description: 'exporting to image' }, state.chainIds))).created;
}
