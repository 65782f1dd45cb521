import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CommitOptions, ImageService, ResolvedImage } from '../../packages/daemon/src/images/service.types.ts';
import type { Rootfs } from '../../packages/daemon/src/runtime/runtime.ts';
import { DockerError } from '../../packages/shared/src/errors.ts';
import type { ImageConfig } from '../../packages/shared/src/types/image.ts';

/** Images without layers; root file systems are directories below `root`. */
export class FakeImages
  implements
    Pick<
      ImageService,
      | 'means'
      | 'resolve'
      | 'prepareRootfs'
      | 'keepRootfs'
      | 'rootfsOf'
      | 'removeRootfs'
      | 'rootfsUsage'
      | 'driver'
      | 'inspect'
      | 'commit'
    >
{
  readonly images = new Map<string, ResolvedImage>();
  readonly rootfs = new Set<string>();
  readonly driver = { name: 'overlay2', status: [] as [string, string][] };
  prepareFailure: Error | undefined;
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }
  add(ref: string, config: ImageConfig, opts: Partial<ResolvedImage> = {}): ResolvedImage {
    const id = `sha256:${(this.images.size + 1).toString(16).padStart(64, '0')}`;
    const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
    const image = { id, config, os: 'linux', architecture, diffIds: [id], ...opts };
    this.images.set(ref, image);
    return image;
  }
  async keepRootfs(): Promise<void> {}
  means(ref: string, id: string): boolean {
    return id === ref || this.images.get(ref)?.id === id;
  }

  async resolve(ref: string): Promise<ResolvedImage> {
    const image = this.images.get(ref) ?? [...this.images.values()].find((i) => i.id === ref);
    if (!image) throw new DockerError('NotFound', `No such image: ${ref}${ref.includes(':') ? '' : ':latest'}`);
    return image;
  }
  async inspect(ref: string): ReturnType<ImageService['inspect']> {
    return { Id: (await this.resolve(ref)).id };
  }
  async prepareRootfs(id: string): Promise<Rootfs> {
    if (this.prepareFailure) throw this.prepareFailure;
    await mkdir(join(this.#root, id), { recursive: true });
    this.rootfs.add(id);
    return this.rootfsOf(id);
  }
  async rootfsOf(id: string): Promise<Rootfs> {
    const at = join(this.#root, id);
    return { lowers: ['/lower'], upper: join(at, 'diff'), work: join(at, 'work'), volatile: false };
  }
  async removeRootfs(id: string): Promise<void> {
    this.rootfs.delete(id);
    await rm(join(this.#root, id), { recursive: true, force: true });
  }
  readonly commits: CommitOptions[] = [];
  async commit(opts: CommitOptions): Promise<string> {
    this.commits.push(opts);
    return `sha256:${String(this.commits.length).padStart(64, 'c')}`;
  }
  async rootfsUsage(): Promise<{ rwBytes: number; totalBytes: number }> {
    return { rwBytes: 10, totalBytes: 100 };
  }
}
