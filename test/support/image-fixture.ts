/** Small images for tests: layers from a list of entries, written as an OCI layout or a docker-save archive. */
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type Header, pack } from 'tar-stream';

export interface FixtureEntry extends Partial<Header> {
  name: string;
  content?: string | Buffer;
}

export const sha256 = (bytes: Buffer | string): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
const MTIME = new Date('2024-05-06T07:08:09Z');

/** A tar of the entries. */
export async function tarOf(entries: FixtureEntry[]): Promise<Buffer> {
  const tar = pack();
  for (const { content, ...header } of entries) {
    const type = header.type ?? (header.name.endsWith('/') ? 'directory' : 'file');
    const mode = header.mode ?? (type === 'directory' ? 0o755 : 0o644);
    tar.entry({ mtime: MTIME, ...header, mode, type } as Header, content ?? '');
  }
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

export interface FixtureImage {
  config: Buffer;
  manifest: Buffer;
  /** Compressed, base first. */
  layers: Buffer[];
  tars: Buffer[];
  id: string;
  digest: string;
}

/** An image of these layers. `config` is merged into its configuration document. */
export async function imageOf(layers: FixtureEntry[][], config: Record<string, unknown> = {}): Promise<FixtureImage> {
  const tars = await Promise.all(layers.map(tarOf));
  const blobs = tars.map((t) => gzipSync(t));
  const document = {
    architecture: 'amd64',
    os: 'linux',
    created: '2024-05-06T07:08:09.123456789Z',
    config: { Env: ['PATH=/bin'], Cmd: ['/bin/sh'], Labels: { a: 'b' } },
    rootfs: { type: 'layers', diff_ids: tars.map(sha256) },
    history: tars.map((_, i) => ({ created: '2024-05-06T07:08:09Z', created_by: `layer ${i}` })),
    ...config,
  };
  const configBytes = Buffer.from(JSON.stringify(document));
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
      config: descriptor('application/vnd.docker.container.image.v1+json', configBytes),
      layers: blobs.map((b) => descriptor('application/vnd.docker.image.rootfs.diff.tar.gzip', b)),
    }),
  );
  return { config: configBytes, manifest, layers: blobs, tars, id: sha256(configBytes), digest: sha256(manifest) };
}

export function descriptor(mediaType: string, bytes: Buffer): { mediaType: string; digest: string; size: number } {
  return { mediaType, digest: sha256(bytes), size: bytes.length };
}

/** Writes the directory skopeo calls `dir:`: the manifest and its blobs as they are. */
export async function writeImageDirectory(directory: string, image: FixtureImage): Promise<void> {
  await mkdir(directory, { recursive: true });
  for (const blob of [image.config, ...image.layers]) await writeFile(join(directory, sha256(blob).slice(7)), blob);
  await writeFile(join(directory, 'manifest.json'), image.manifest);
  await writeFile(join(directory, 'version'), 'Directory Transport Version: 1.1\n');
}

/** The image as the tar of an OCI layout. */
export async function layoutArchive(image: FixtureImage, annotations: Record<string, string> = {}): Promise<Buffer> {
  const index = {
    schemaVersion: 2,
    manifests: [{ ...descriptor('application/vnd.docker.distribution.manifest.v2+json', image.manifest), annotations }],
  };
  const blobs = [image.config, image.manifest, ...image.layers];
  return await tarOf([
    ...blobs.map((b) => ({ name: `blobs/sha256/${sha256(b).slice(7)}`, content: b })),
    { name: 'index.json', content: JSON.stringify(index) },
    { name: 'oci-layout', content: '{"imageLayoutVersion": "1.0.0"}' },
  ]);
}

/** A `docker save` archive, uncompressed layers as the engine writes them. */
export async function savedArchive(image: FixtureImage, tags: string[] | null): Promise<Buffer> {
  const config = `${image.id.slice(7)}.json`;
  const names = image.tars.map((_, i) => `layer${i}/layer.tar`);
  return await tarOf([
    ...image.tars.map((t, i) => ({ name: names[i] as string, content: t })),
    { name: config, content: image.config },
    { name: 'manifest.json', content: JSON.stringify([{ Config: config, RepoTags: tags, Layers: names }]) },
  ]);
}

/** A stream of a buffer in pieces. */
export async function* chunksOf(bytes: Buffer, size = 64 << 10): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
