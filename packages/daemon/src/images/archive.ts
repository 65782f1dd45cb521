/**
 * The outer tar of `docker save` or of an OCI layout. Every file goes straight into the content store under its own
 * digest; names are only keys of a map and never become paths, so a hostile archive can name what it likes.
 */
import { pipeline } from 'node:stream/promises';
import type { Digest } from '@tsdocker/shared/digest.ts';
import { DockerError } from '@tsdocker/shared/errors.ts';
import { extract } from 'tar-stream';
import { plainStream } from '../content/decompress.ts';
import type { ContentStore, StoredBlob } from '../content/store.ts';

/** An entry as tar-stream yields it; its chunks are buffers. */
type TarEntry = AsyncIterable<unknown> & { header: { name: string; type?: string | null; linkname?: string | null } };

const MAX_ENTRIES = 100_000;
const MAX_LINKS = 16;
const MAX_JSON_BYTES = 16 << 20;

/** `./a//b/../c` -> `a/c`. @throws InvalidParameter when it climbs out */
export function cleanName(name: string): string {
  const out: string[] = [];
  for (const part of name.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') out.push(part);
    else if (out.pop() === undefined)
      throw new DockerError('InvalidParameter', `invalid archive: ${JSON.stringify(name)} is outside of it`);
  }
  return out.join('/');
}

export class ImageArchive {
  readonly #content: ContentStore;
  readonly #files = new Map<string, StoredBlob>();
  readonly #links = new Map<string, string>();

  private constructor(content: ContentStore) {
    this.#content = content;
  }

  /** The caller holds blobs (`Library.holdBlobs`) for as long as it uses the archive. @throws InvalidParameter */
  static async read(
    content: ContentStore,
    source: AsyncIterable<Buffer>,
    signal: AbortSignal | undefined,
  ): Promise<ImageArchive> {
    const archive = new ImageArchive(content);
    const tar = extract();
    const reading = pipeline(plainStream(source), tar, signal ? { signal } : {});
    // Awaited below; until then a failure also ends the loop.
    reading.catch(() => {});
    try {
      for await (const entry of tar) await archive.#add(entry, signal);
      await reading;
    } catch (err) {
      signal?.throwIfAborted();
      await reading.catch(() => {});
      if (err instanceof DockerError) throw err;
      throw new DockerError('InvalidParameter', `invalid archive: ${(err as Error).message}`, { cause: err });
    }
    return archive;
  }

  async #add(entry: TarEntry, signal: AbortSignal | undefined): Promise<void> {
    const { type, linkname } = entry.header;
    const name = cleanName(entry.header.name);
    if (this.#files.size + this.#links.size > MAX_ENTRIES)
      throw new DockerError('InvalidParameter', 'invalid archive: too many entries');
    if (type === 'symlink' || type === 'link') {
      const base = type === 'symlink' ? name.slice(0, name.lastIndexOf('/') + 1) : '';
      this.#links.set(name, cleanName(base + (linkname ?? '')));
    } else if (type === 'file' || type === 'contiguous-file') {
      const ingest = await this.#content.ingest();
      try {
        for await (const chunk of entry) {
          signal?.throwIfAborted();
          await ingest.write(chunk as Buffer);
        }
        this.#files.set(name, await ingest.commit());
      } catch (err) {
        await ingest.abort();
        throw err;
      }
      return;
    }
    for await (const _ of entry);
  }

  /** A file by its name in the archive, through links inside of it. */
  find(name: string): StoredBlob | undefined {
    let current = cleanName(name);
    for (let hops = 0; hops < MAX_LINKS; hops++) {
      const file = this.#files.get(current);
      if (file) return file;
      const target = this.#links.get(current);
      if (target === undefined) return undefined;
      current = target;
    }
    return undefined;
  }

  /** @throws InvalidParameter when missing */
  require(name: string): StoredBlob {
    const found = this.find(name);
    if (!found) throw new DockerError('InvalidParameter', `invalid archive: ${JSON.stringify(name)} is missing`);
    return found;
  }

  /** A blob of an OCI layout; its name has to tell the truth about its content. */
  requireBlob(digest: Digest): StoredBlob {
    const found = this.require(`blobs/${digest.replace(':', '/')}`);
    if (found.digest !== digest)
      throw new DockerError('InvalidParameter', `invalid archive: blob ${digest} has digest ${found.digest}`);
    return found;
  }

  async bytes(blob: StoredBlob): Promise<Buffer> {
    if (blob.size > MAX_JSON_BYTES)
      throw new DockerError('InvalidParameter', `invalid archive: document of ${blob.size} bytes`);
    return await this.#content.read(blob.digest);
  }

  async json(blob: StoredBlob): Promise<unknown> {
    const bytes = await this.bytes(blob);
    try {
      return JSON.parse(bytes.toString('utf8'));
    } catch (err) {
      throw new DockerError('InvalidParameter', `invalid archive: ${(err as Error).message}`, { cause: err });
    }
  }
}
