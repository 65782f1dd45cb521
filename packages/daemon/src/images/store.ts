/**
 * Which images there are and what they are called: `<data-root>/image/store.json`, one document, held in memory and
 * replaced whole (write, fsync, rename). JSON and not a database: it is a few hundred bytes an image, changes only at
 * pull, tag and remove, every read is from memory, and one rename leaves no state between.
 */
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Digest } from '@tsdocker/shared/digest.ts';
import type { Platform } from '@tsdocker/shared/platform.ts';

export interface BlobInfo {
  digest: Digest;
  size: number;
  mediaType: string;
}

export interface ImageRecord {
  /** The manifest it came with or that was made for it. */
  manifest: BlobInfo;
  /** Base first. */
  chainIds: Digest[];
  /**
   * Of the manifest's layers: not always the blobs that the unpacked layers came from, since the same content can be
   * compressed in many ways. Undefined: they are those.
   */
  blobs?: Digest[];
  /** Image it was made from here. */
  parent?: Digest;
  /** RFC 3339. */
  lastTagTime?: string;
  /** What a build's next step starts from; gone with the build. */
  stage?: boolean;
}

/** What a step of a build made, found again by a key of everything it was made from. */
export interface BuildCacheRecord {
  /** Of the file system after the step, base first. */
  chainIds: Digest[];
  /** Content bytes of the step's own layer. */
  sizeBytes: number;
  /** The instruction. */
  description: string;
  /** RFC 3339. */
  created: string;
  lastUsed: string;
  uses: number;
}

/** What a name stands for that came from an index. */
export interface IndexRecord {
  index: BlobInfo;
  /** Which images of it are here, by image id. */
  images: Record<Digest, { manifest: Digest; platform: Platform }>;
}

export interface LayerRecord {
  diffId: Digest;
  sizeBytes: number;
  hasRoot: boolean;
  /** The blob it was unpacked from. */
  blob: BlobInfo;
}

export interface ImageState {
  version: 1;
  /** By image id. */
  images: Record<Digest, ImageRecord>;
  /** By chain id. */
  layers: Record<Digest, LayerRecord>;
  /** Complete reference (`docker.io/library/x:tag`, `docker.io/library/x@sha256:...`) to image id. */
  references: Record<string, Digest>;
  /** By complete reference, only of names that stand for an index. */
  indexes?: Record<string, IndexRecord>;
  /** By key. */
  buildCache?: Record<string, BuildCacheRecord>;
}

const EMPTY: ImageState = { version: 1, images: {}, layers: {}, references: {} };

export class ImageStore {
  readonly #path: string;
  #state: ImageState;
  #tail: Promise<unknown> = Promise.resolve();

  private constructor(path: string, state: ImageState) {
    this.#path = path;
    this.#state = state;
  }

  static async open(path: string): Promise<ImageStore> {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await rm(`${path}.tmp`, { force: true });
    return new ImageStore(path, await ImageStore.read(path));
  }

  /** @throws Error when the file is there but cannot be read: an empty start would delete every image */
  static async read(path: string): Promise<ImageState> {
    let text: string;
    try {
      text = await readFile(path, 'utf8');
    } catch (err) {
      if ((err as NodeJS.ErrnoException).code !== 'ENOENT') throw err;
      return structuredClone(EMPTY);
    }
    const state = JSON.parse(text) as ImageState;
    if (state.version !== 1) throw new Error(`${path}: unknown version ${state.version}`);
    return state;
  }

  /** What is on disk now. Not to be changed. */
  get state(): Readonly<ImageState> {
    return this.#state;
  }

  /** Changes a copy, writes it, then shows it. Changes run one after the other; one that throws changes nothing. */
  update<T>(change: (draft: ImageState) => T): Promise<T> {
    const run = this.#tail.then(async () => {
      const draft = structuredClone(this.#state);
      const result = change(draft);
      await this.#write(draft);
      this.#state = draft;
      return result;
    });
    this.#tail = run.catch(() => {});
    return run;
  }

  /** Changes what may be lost in a crash: it is written with the next update. */
  note(change: (draft: ImageState) => void): Promise<void> {
    const run = this.#tail.then(() => {
      const draft = structuredClone(this.#state);
      change(draft);
      this.#state = draft;
    });
    this.#tail = run.catch(() => {});
    return run;
  }

  async #write(state: ImageState): Promise<void> {
    const temporary = `${this.#path}.tmp`;
    const file = await open(temporary, 'w', 0o600);
    try {
      await file.writeFile(JSON.stringify(state));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, this.#path);
    const directory = await open(dirname(this.#path), 'r');
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  }

  /** Complete references of an image, sorted. */
  referencesOf(imageId: Digest): string[] {
    return Object.entries(this.#state.references)
      .filter(([, id]) => id === imageId)
      .map(([ref]) => ref)
      .sort();
  }
}
