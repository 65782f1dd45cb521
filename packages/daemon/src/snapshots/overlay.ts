/**
 * Layers and root file systems as overlayfs directories below `<data-root>/overlay2`:
 *
 *     <chain id>/diff            an unpacked layer          l/<26 letters>  short link to a diff
 *     <chain id>-init/diff       mount points on top of it  tmp-<random>    being made; removed at open
 *     <container id>/{upper,work,rootfs.json}
 *
 * A directory gets its final name by one rename when it is complete. A layer counts once the image store names it; what
 * no image and no container names is removed by the image service at start.
 */
import { randomBytes } from 'node:crypto';
import {
  access,
  chmod,
  chown,
  lstat,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  statfs,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { type Digest, hexOf } from '@tsdocker/shared/digest.ts';
import { DockerError } from '@tsdocker/shared/errors.ts';
import { native } from '../runtime/native/bindings.ts';
import type { Rootfs } from '../runtime/runtime.ts';
import { makeInitLayer } from './init-layer.ts';
import { layerWriter } from './layer-writer.ts';
import { parseRootfsRecord, type StoredRootfs, shortName } from './overlay-layout.ts';
import type { LayerWriter, RootfsRecord, RootfsRequest, Snapshotter } from './snapshotter.ts';
import { Trash } from './trash.ts';

const HEX_ID = /^[a-f0-9]{64}$/;
const RECORD = 'rootfs.json';

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

export class OverlaySnapshotter implements Snapshotter {
  readonly name = 'overlay2';
  readonly #root: string;
  readonly #trash: Trash;
  readonly #initInFlight = new Map<string, Promise<void>>();

  private constructor(root: string, trash: Trash) {
    this.#root = root;
    this.#trash = trash;
  }

  /** @param opts.onError a tree in the trash that cannot be deleted */
  static async open(opts: { dataRoot: string; onError: (err: unknown) => void }): Promise<OverlaySnapshotter> {
    const root = join(opts.dataRoot, 'overlay2');
    await mkdir(join(root, 'l'), { recursive: true, mode: 0o710 });
    const trash = await Trash.open(join(root, 'trash'), opts.onError);
    for (const name of await readdir(root)) if (name.startsWith('tmp-')) await trash.discard(join(root, name));
    return new OverlaySnapshotter(root, trash);
  }

  async status(): Promise<[string, string][]> {
    return [
      ['Backing Filesystem', await backingFileSystem(this.#root)],
      ['Supports d_type', 'true'],
      ['Using metacopy', 'false'],
      ['Native Overlay Diff', 'true'],
      ['userxattr', 'false'],
    ];
  }

  #layer(chainId: Digest): string {
    return join(this.#root, hexOf(chainId));
  }

  async #temporary(): Promise<string> {
    const path = join(this.#root, `tmp-${randomBytes(12).toString('hex')}`);
    await mkdir(path, { mode: 0o710 });
    return path;
  }

  /** Gives a finished directory its name and its link. Someone else's identical one wins. */
  async #publish(temporary: string, name: string): Promise<void> {
    try {
      await rename(temporary, join(this.#root, name));
    } catch (err) {
      const { code } = err as NodeJS.ErrnoException;
      if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw err;
      await this.#trash.discard(temporary);
    }
    await symlink(join('..', name, 'diff'), join(this.#root, 'l', shortName(name))).catch((err) => {
      if (err.code !== 'EEXIST') throw err;
    });
  }

  async writeLayer(): Promise<LayerWriter> {
    const temporary = await this.#temporary();
    const directory = join(temporary, 'diff');
    await mkdir(directory);
    await chmod(directory, 0o755);
    return layerWriter({
      directory,
      publish: (chainId) => this.#publish(temporary, hexOf(chainId)),
      discard: async () => void (await this.#trash.discard(temporary)),
    });
  }

  hasLayer(chainId: Digest): Promise<boolean> {
    return exists(join(this.#layer(chainId), 'diff'));
  }

  graphData(chainIds: Digest[]): Record<string, string> {
    const diffs = chainIds.map((id) => join(this.#layer(id), 'diff')).reverse();
    const [top, ...lower] = diffs;
    if (top === undefined) return {};
    const home = join(top, '..');
    return {
      ...(lower.length > 0 && { LowerDir: lower.join(':') }),
      MergedDir: join(home, 'merged'),
      UpperDir: top,
      WorkDir: join(home, 'work'),
    };
  }

  async removeLayer(chainId: Digest): Promise<void> {
    const name = hexOf(chainId);
    for (const directory of [`${name}-init`, name]) {
      await rm(join(this.#root, 'l', shortName(directory)), { force: true });
      await this.#trash.discard(join(this.#root, directory));
    }
  }

  async listLayers(): Promise<Digest[]> {
    const names = (await readdir(this.#root)).filter((n) => HEX_ID.test(n));
    const isLayer = await Promise.all(names.map((n) => exists(join(this.#root, n, 'diff'))));
    return names.filter((_, i) => isLayer[i]).map((n) => `sha256:${n}`);
  }

  sync(): Promise<void> {
    return native.syncFileSystem(this.#root);
  }

  /** Makes sure the init layer of a chain is there; its name below overlay2. */
  async #initLayer(request: RootfsRequest): Promise<string> {
    const top = request.layers.at(-1);
    const name = `${top ? hexOf(top.chainId) : 'scratch'}-init`;
    if (await exists(join(this.#root, name, 'diff'))) return name;
    let making = this.#initInFlight.get(name);
    if (!making) {
      making = this.#makeInitLayer(name, request).finally(() => this.#initInFlight.delete(name));
      this.#initInFlight.set(name, making);
    }
    await making;
    return name;
  }

  async #makeInitLayer(name: string, request: RootfsRequest): Promise<void> {
    const temporary = await this.#temporary();
    const diff = join(temporary, 'diff');
    await mkdir(diff);
    await chmod(diff, 0o755);
    const lowers = request.layers.map((l) => join(this.#layer(l.chainId), 'diff')).reverse();
    const rootLayer = request.layers.findLast((l) => l.hasRoot);
    await makeInitLayer(diff, lowers, rootLayer && (await lstat(join(this.#layer(rootLayer.chainId), 'diff'))));
    await this.#publish(temporary, name);
  }

  async createRootfs(request: RootfsRequest): Promise<Rootfs> {
    if (!HEX_ID.test(request.containerId))
      throw new DockerError('InvalidParameter', `invalid container id ${request.containerId}`);
    const init = await this.#initLayer(request);
    const names = [init, ...request.layers.map((l) => hexOf(l.chainId)).reverse()];
    const record: StoredRootfs = {
      imageId: request.imageId,
      chainIds: request.layers.map((l) => l.chainId),
      lowers: names.map(shortName),
      volatile: request.volatile,
    };
    const temporary = await this.#temporary();
    await Promise.all([
      this.#makeUpper(join(temporary, 'upper'), join(this.#root, init, 'diff')),
      mkdir(join(temporary, 'work'), { mode: 0o700 }),
      writeFile(join(temporary, RECORD), JSON.stringify(record)),
    ]);
    await rename(temporary, join(this.#root, request.containerId));
    return this.#rootfs(request.containerId, record);
  }

  /** The upper directory's attributes are those of the container's `/`. */
  async #makeUpper(upper: string, init: string): Promise<void> {
    const [st] = await Promise.all([lstat(init), mkdir(upper)]);
    await chown(upper, st.uid, st.gid);
    await chmod(upper, st.mode & 0o7777);
  }

  #rootfs(containerId: string, record: StoredRootfs): Rootfs {
    const home = join(this.#root, containerId);
    return {
      lowers: record.lowers.map((name) => join(this.#root, 'l', name)),
      upper: join(home, 'upper'),
      work: join(home, 'work'),
      volatile: record.volatile,
    };
  }

  async #record(containerId: string): Promise<StoredRootfs> {
    if (!HEX_ID.test(containerId)) throw new DockerError('InvalidParameter', `invalid container id ${containerId}`);
    try {
      return parseRootfsRecord(await readFile(join(this.#root, containerId, RECORD), 'utf8'));
    } catch (err) {
      if ((err as NodeJS.ErrnoException).code !== 'ENOENT') throw err;
      throw new DockerError('NotFound', `root file system of container ${containerId} does not exist`, { cause: err });
    }
  }

  recordOf(containerId: string): Promise<RootfsRecord> {
    return this.#record(containerId);
  }

  async rootfsOf(containerId: string): Promise<Rootfs> {
    const record = await this.#record(containerId);
    const rootfs = this.#rootfs(containerId, record);
    // The kernel's mark that this upper was mounted without syncing refuses the next mount. The container's user asked
    // for data that need not survive a crash.
    if (record.volatile) await rm(join(rootfs.work, 'work/incompat'), { recursive: true, force: true });
    return rootfs;
  }

  async rootfsBytes(containerId: string): Promise<number> {
    await this.#record(containerId);
    return native.treeBytes(join(this.#root, containerId, 'upper'));
  }

  async removeRootfs(containerId: string): Promise<void> {
    if (!HEX_ID.test(containerId)) throw new DockerError('InvalidParameter', `invalid container id ${containerId}`);
    if (await exists(join(this.#root, containerId, RECORD))) await this.#trash.discard(join(this.#root, containerId));
  }

  async listRootfs(): Promise<string[]> {
    const names = (await readdir(this.#root)).filter((n) => HEX_ID.test(n));
    const isRootfs = await Promise.all(names.map((n) => exists(join(this.#root, n, RECORD))));
    return names.filter((_, i) => isRootfs[i]);
  }

  close(): Promise<void> {
    return this.#trash.idle();
  }
}

/** `extfs`, `xfs`, ...: the words Docker's info has for them. */
async function backingFileSystem(path: string): Promise<string> {
  const names: Record<number, string> = {
    61267: 'extfs',
    1481003842: 'xfs',
    2435016766: 'btrfs',
    16914836: 'tmpfs',
    801189825: 'zfs',
    2035054128: 'overlayfs',
    26985: 'nfs',
    4076150800: 'f2fs',
  };
  return names[(await statfs(path)).type] ?? '<unknown>';
}
