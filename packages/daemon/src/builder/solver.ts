/** What all stages of one build share: the plan, the session, the context; each stage is solved once. */
import { mkdtemp } from 'node:fs/promises';
import { join, posix } from 'node:path';
import type { Digest } from '@tsdocker/shared/digest.ts';
import { DockerError } from '@tsdocker/shared/errors.ts';
import { nameOf, parseReference } from '@tsdocker/shared/reference.ts';
import { Mutex } from '../containers/mutex.ts';
import type { ContainerService } from '../containers/service.types.ts';
import type { Location } from '../dockerfile/errors.ts';
import type { FromInstruction } from '../dockerfile/instructions/types.ts';
import { expand } from '../dockerfile/shell-lex.ts';
import type { ImageService } from '../images/service.types.ts';
import type { BaseImage, CachedStep, CacheEntry, StageSession } from '../images/stages.ts';
import type { Rootfs } from '../runtime/runtime.ts';
import { unpackTree } from '../snapshots/apply.ts';
import { lookUpTarget, packTree } from '../snapshots/pack.ts';
import type { TreeView } from '../snapshots/tree-helper.ts';
import type { ContextFiles } from './context.ts';
import { contextSource } from './copy-source.ts';
import { copyInto, type Owner } from './copy-step.ts';
import { failedPlace } from './failed-place.ts';
import type { MountSources } from './run-step.ts';
import type { BuildOptions } from './service.types.ts';
import { solveStage } from './solve-stage.ts';
import type { StageState } from './stage-state.ts';
import { type Stage, type StagePlan, sourceOfCopy } from './stages.ts';

export interface SolverParts {
  opts: BuildOptions;
  plan: StagePlan;
  /** Lines of the Dockerfile, and its escape character. */
  lines: string[];
  escape: string;
  globals: ReadonlyMap<string, string>;
  /** Of the whole build, `os/arch`. */
  platform: string;
  /** Instructions of the stages that are needed. */
  total: number;
  files: ContextFiles;
  session: StageSession;
  containers: ContainerService;
  images: Pick<ImageService, 'pull' | 'rootfsOf'>;
  ownerOf(layers: string[], text: string): Owner;
  mountSources: Pick<MountSources, 'caches' | 'secretDirectory' | 'secrets'>;
  /** For what the build alone needs. */
  directory: string;
  /** Over all builds: who holds a cache mount. */
  cacheLocks: Map<string, Mutex>;
}

export class Solver {
  readonly opts: BuildOptions;
  readonly plan: StagePlan;
  readonly escape: string;
  readonly globals: ReadonlyMap<string, string>;
  readonly files: ContextFiles;
  readonly session: StageSession;
  readonly containers: ContainerService;
  readonly ownerOf: SolverParts['ownerOf'];
  readonly #parts: SolverParts;
  readonly #stages = new Map<number, Promise<StageState>>();
  readonly #trees = new Map<string, Promise<TreeView>>();
  readonly #waits = new Map<number, Set<number>>();
  #steps = 0;
  #instructions = 0;

  constructor(parts: SolverParts) {
    this.#parts = parts;
    this.opts = parts.opts;
    this.plan = parts.plan;
    this.escape = parts.escape;
    this.globals = parts.globals;
    this.files = parts.files;
    this.session = parts.session;
    this.containers = parts.containers;
    this.ownerOf = parts.ownerOf;
  }

  stage(index: number): Promise<StageState> {
    const known = this.#stages.get(index);
    if (known) return known;
    const solving = solveStage(this, this.plan.stages[index] as Stage);
    this.#stages.set(index, solving);
    return solving;
  }

  /**
   * Another stage's result, for one that waits for it. The plan has no circles, but triggers of a base image, known only
   * now, can close one.
   * @throws InvalidParameter when the other one waits for this one
   */
  stageFor(waiting: number, index: number): Promise<StageState> {
    if (this.#waitsFor(index, waiting)) {
      const name = this.plan.stages[index]?.name ?? String(index);
      throw new DockerError('InvalidParameter', `circular dependency detected on stage: ${name}`);
    }
    this.#waits.set(waiting, new Set([...(this.#waits.get(waiting) ?? []), index]));
    return this.stage(index);
  }

  #waitsFor(from: number, to: number): boolean {
    return from === to || [...(this.#waits.get(from) ?? [])].some((next) => this.#waitsFor(next, to));
  }

  /** The image of a FROM, as a full name where it is none of a stage. */
  imageOf(from: FromInstruction): string {
    const name = this.#expandGlobal(from.image);
    if (name === '') throw new DockerError('InvalidParameter', `base name (${from.image}) should not be blank`);
    return name;
  }

  platformOf(from: FromInstruction): string {
    return from.platform === undefined ? this.#parts.platform : this.#expandGlobal(from.platform);
  }

  #expandGlobal(text: string): string {
    return expand(text, { lookup: (name) => this.globals.get(name), escape: this.escape }).value;
  }

  /** `build `, `stage-1 `, or nothing when there is but one. */
  labelOf(stage: Stage): string {
    if (stage.name) return `${stage.name} `;
    return this.plan.stages.length === 1 ? '' : `stage-${stage.index} `;
  }

  instruction(text: string): void {
    this.#instructions += 1;
    this.opts.onEvent({ kind: 'instruction', number: this.#instructions, total: this.#parts.total, text });
  }

  /** Runs `work` as one step, telling how it went. */
  async step<T>(name: string, location: Location, work: (step: number) => Promise<T>): Promise<T> {
    this.#steps += 1;
    const step = this.#steps;
    const { opts } = this;
    opts.onEvent({ kind: 'started', step, name });
    const begun = performance.now();
    try {
      const result = await work(step);
      opts.onEvent({ kind: 'done', step, millis: performance.now() - begun });
      return result;
    } catch (err) {
      const message = opts.signal.aborted ? 'CANCELED' : (err as Error).message;
      opts.onEvent({ kind: 'failed', step, message, place: failedPlace(opts.dockerfile, this.#parts.lines, location) });
      throw err;
    }
  }

  /** Undefined: it would have to be pulled. */
  async baseHere(name: string): Promise<BaseImage | undefined> {
    return this.session.base(name).catch((err: unknown) => {
      if (err instanceof DockerError && err.code === 'NotFound') return undefined;
      throw err;
    });
  }

  /** Pulled when it is not here, or when the newest is asked for. */
  async baseImage(name: string, platform: string, step: number): Promise<BaseImage> {
    if (!this.opts.pull) {
      const here = await this.baseHere(name);
      if (here) return here;
    }
    const domain = nameOf(parseReference(name)).split('/')[0] as string;
    const auth = this.opts.auth[domain === 'docker.io' ? 'https://index.docker.io/v1/' : domain];
    await this.#parts.images.pull(name, {
      platform,
      ...(auth && { auth }),
      progress: (message) => this.opts.onEvent({ kind: 'pull', step, message }),
      signal: this.opts.signal,
    });
    return this.session.base(name);
  }

  /** The tree `--from` names, to read from, and what stands for its content. */
  async treeOf(stage: Stage, from: string): Promise<{ view: TreeView; key: string }> {
    const source = sourceOfCopy(this.plan.stages, stage.index, from);
    const chainIds =
      'stage' in source
        ? (await this.stageFor(stage.index, source.stage)).chainIds
        : (await this.baseImage(source.name, this.#parts.platform, this.#steps)).chainIds;
    const key = chainIds.at(-1) ?? 'scratch';
    const view = this.#trees.get(key) ?? this.session.tree(chainIds).then(({ rootfs: { lowers } }) => ({ lowers }));
    this.#trees.set(key, view);
    return { view: await view, key };
  }

  /** A tree to look at. */
  async inTree<T>(chainIds: Digest[], use: (view: TreeView) => Promise<T>): Promise<T> {
    const tree = await this.session.tree(chainIds);
    try {
      return await use(viewOf(tree.rootfs));
    } finally {
      await this.session.dropTree(tree.id);
    }
  }

  /** A tree to change; what was changed becomes a layer. `isApart`: nothing of what is below is seen. */
  async changeTree(
    chainIds: Digest[],
    entry: CacheEntry & { isApart?: boolean },
    change: (view: TreeView, layers: string[]) => Promise<unknown>,
  ): Promise<CachedStep> {
    const tree = await this.session.tree(entry.isApart ? [] : chainIds);
    try {
      await change(viewOf(tree.rootfs), [tree.rootfs.upper, ...tree.rootfs.lowers]);
      return await this.session.capture(tree.id, chainIds, entry, this.opts.signal);
    } finally {
      await this.session.dropTree(tree.id);
    }
  }

  rootfsOf(containerId: string): Promise<Rootfs> {
    return this.#parts.images.rootfsOf(containerId);
  }

  mountSourcesOf(stage: Stage): MountSources {
    return {
      ...this.#parts.mountSources,
      files: this.files,
      cacheNamespace: this.opts.buildArgs['BUILDKIT_CACHE_MOUNT_NS'] ?? '',
      copyOf: (from, path) => this.#copyOf(stage, from, path),
      keyOf: async (from) => (await this.treeOf(stage, from)).key,
    };
  }

  async #copyOf(stage: Stage, from: string | undefined, path: string): Promise<string> {
    if (from === undefined) return this.#copyOfContext(path);
    const { view } = await this.treeOf(stage, from);
    const absolute = posix.join('/', path);
    const found = await lookUpTarget(view, absolute);
    if (!found) throw new DockerError('InvalidParameter', `${JSON.stringify(absolute)}: not found`);
    const directory = await this.newDirectory();
    const tar = packTree(view, { path: found.resolved.slice(1), name: 'copy' });
    await unpackTree({ root: directory }, tar, { into: '' });
    return join(directory, 'copy');
  }

  /** Only what counts of it. */
  async #copyOfContext(path: string): Promise<string> {
    const directory = await this.newDirectory();
    const source = contextSource(this.files, this.files.at(path));
    const dest = source.isDirectory ? '/copy/' : '/copy';
    await copyInto(
      { root: directory },
      { sources: [source], archives: [], dest, owner: undefined, permissions: undefined },
    );
    return join(directory, 'copy');
  }

  /** Of a context's file or directory. */
  digestOf(path: string): string {
    return contextSource(this.files, this.files.at(path)).digest() as string;
  }

  newDirectory(): Promise<string> {
    return mkdtemp(join(this.#parts.directory, 'fetched-'));
  }

  /** Runs `work` while nobody else holds these cache mounts. Taken in one order, so that two steps never wait for each other. */
  async holding<T>(ids: readonly string[], work: () => Promise<T>): Promise<T> {
    const [first, ...rest] = [...new Set(ids)].sort();
    if (first === undefined) return work();
    const lock = this.#parts.cacheLocks.get(first) ?? new Mutex();
    this.#parts.cacheLocks.set(first, lock);
    return lock.run(() => this.holding(rest, work));
  }
}

function viewOf({ lowers, upper, work }: Rootfs): TreeView {
  return { lowers, upper, work };
}
