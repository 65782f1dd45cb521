/**
 * Blobs by digest: `<data-root>/content/blobs/sha256/<hex>`, exactly the bytes whose digest they are named by. A blob is
 * written under `content/ingest`, verified while it streams and renamed once complete, so every file in `blobs` is whole
 * (a machine crash aside: what metadata names has been synced by its writer). Temporary files are removed at open.
 */
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, renameSync } from 'node:fs';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Digest, hexOf, isSha256 } from '@tsdocker/shared/digest.ts';
import { DockerError } from '@tsdocker/shared/errors.ts';
import { namesIn } from '../store/names-in.ts';

/** What a blob has to be; `size` undefined when nobody said. */
export interface Expected {
  digest?: Digest;
  size?: number;
}

export interface StoredBlob {
  digest: Digest;
  size: number;
}

/** A blob being written. Exactly one of `commit` and `abort` ends it. */
export interface Ingest {
  /** Appends; resolves when the bytes are handed to the kernel. @throws InvalidParameter when larger than expected */
  write(chunk: Buffer): Promise<void>;
  /** Verifies size and digest and puts the blob in place. @throws System `filesystem layer verification failed for digest ...` */
  commit(): Promise<StoredBlob>;
  abort(): Promise<void>;
}

export class ContentStore {
  readonly #blobs: string;
  readonly #ingest: string;

  private constructor(root: string) {
    this.#blobs = join(root, 'blobs/sha256');
    this.#ingest = join(root, 'ingest');
  }

  /** @param root `<data-root>/content` */
  static async open(root: string): Promise<ContentStore> {
    const store = new ContentStore(root);
    await rm(store.#ingest, { recursive: true, force: true });
    await mkdir(store.#ingest, { recursive: true, mode: 0o700 });
    await mkdir(store.#blobs, { recursive: true, mode: 0o700 });
    return store;
  }

  /** The store as it is: nothing is made and nothing is removed. */
  static at(root: string): ContentStore {
    return new ContentStore(root);
  }

  /** Where a blob is or would be. @throws InvalidParameter for anything but sha256 */
  pathOf(digest: Digest): string {
    if (!isSha256(digest)) throw new DockerError('InvalidParameter', `unsupported digest ${JSON.stringify(digest)}`);
    return join(this.#blobs, hexOf(digest));
  }

  /** Size in bytes, undefined when missing. */
  async size(digest: Digest): Promise<number | undefined> {
    try {
      return (await stat(this.pathOf(digest))).size;
    } catch (err) {
      if ((err as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw err;
    }
  }

  /** A whole small blob (manifest, configuration). @throws NotFound */
  async read(digest: Digest): Promise<Buffer> {
    try {
      return await readFile(this.pathOf(digest));
    } catch (err) {
      if ((err as NodeJS.ErrnoException).code !== 'ENOENT') throw err;
      throw new DockerError('NotFound', `content ${digest}: not found`, { cause: err });
    }
  }

  /** A large blob in chunks of 1 MiB. */
  stream(digest: Digest): AsyncIterable<Buffer> {
    return createReadStream(this.pathOf(digest), { highWaterMark: 1 << 20 });
  }

  /** Stores a small blob whose bytes are at hand. @throws System on a digest mismatch */
  async put(bytes: Buffer, expected: Expected = {}): Promise<StoredBlob> {
    const ingest = await this.ingest(expected);
    try {
      await ingest.write(bytes);
      return await ingest.commit();
    } catch (err) {
      await ingest.abort();
      throw err;
    }
  }

  async ingest(expected: Expected = {}): Promise<Ingest> {
    const path = join(this.#ingest, randomBytes(16).toString('hex'));
    const file = await open(path, 'wx', 0o600);
    const hash = createHash('sha256');
    let size = 0;
    let open_ = true;
    const close = async () => {
      if (open_) {
        open_ = false;
        await file.close();
      }
    };
    return {
      write: async (chunk) => {
        size += chunk.length;
        if (expected.size !== undefined && size > expected.size) throw sizeMismatch(expected, size);
        hash.update(chunk);
        for (let at = 0; at < chunk.length; ) at += (await file.write(chunk, at)).bytesWritten;
      },
      commit: async () => {
        await close();
        const digest = `sha256:${hash.digest('hex')}`;
        if (expected.size !== undefined && size !== expected.size) throw sizeMismatch(expected, size);
        if (expected.digest !== undefined && digest !== expected.digest) throw digestMismatch(expected.digest);
        await rename(path, this.pathOf(digest));
        return { digest, size };
      },
      abort: async () => {
        await close();
        await rm(path, { force: true });
      },
    };
  }

  /** Reads a blob whole. @returns what it really is */
  async measure(digest: Digest): Promise<StoredBlob> {
    const hash = createHash('sha256');
    let size = 0;
    for await (const chunk of this.stream(digest)) {
      hash.update(chunk);
      size += chunk.length;
    }
    return { digest: `sha256:${hash.digest('hex')}`, size };
  }

  /** Names of blobs that are being written, or were when the daemon died. */
  unfinished(): Promise<string[]> {
    return namesIn(this.#ingest);
  }

  /** Every blob there is. */
  async list(): Promise<Digest[]> {
    const names = await namesIn(this.#blobs);
    return names.map((n) => `sha256:${n}`).filter(isSha256);
  }

  /**
   * The blob is gone when this returns its promise: nobody can have put the same one there between the caller's look at
   * who needs it and its removal. Its bytes are freed in the background of the promise.
   */
  remove(digest: Digest): Promise<void> {
    const aside = join(this.#ingest, `removed-${randomBytes(8).toString('hex')}`);
    try {
      renameSync(this.pathOf(digest), aside);
    } catch (err) {
      if ((err as NodeJS.ErrnoException).code !== 'ENOENT') throw err;
      return Promise.resolve();
    }
    return rm(aside, { force: true });
  }
}

function sizeMismatch(expected: Expected, size: number): DockerError {
  return new DockerError(
    'System',
    `size validation failed for ${expected.digest ?? 'blob'}: expected ${expected.size} bytes, got ${size}`,
  );
}

/** Docker's words for content that is not what its digest says. */
export function digestMismatch(digest: Digest): DockerError {
  return new DockerError('System', `filesystem layer verification failed for digest ${digest}`);
}
