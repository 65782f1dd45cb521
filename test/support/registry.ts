/** A real registry server (Debian's docker-registry) on loopback with its own storage, and a small push into it. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { eventually } from './eventually.ts';

export interface Registry {
  /** 127.0.0.1:port */
  readonly address: string;
  /** Pushes an image of one layer. @param layerTar path of an uncompressed tar */
  push(
    repository: string,
    tag: string,
    layerTar: string,
    config?: Record<string, unknown>,
  ): Promise<{ digest: string }>;
  close(): Promise<void>;
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

const sha256 = (data: Buffer): string => `sha256:${createHash('sha256').update(data).digest('hex')}`;

async function putBlob(base: string, repository: string, data: Buffer): Promise<{ digest: string; size: number }> {
  const digest = sha256(data);
  const opened = await fetch(`${base}/v2/${repository}/blobs/uploads/`, { method: 'POST' });
  if (opened.status !== 202) throw new Error(`registry: upload not opened: ${opened.status}`);
  const location = new URL(opened.headers.get('location') as string, base);
  location.searchParams.set('digest', digest);
  const body = new Uint8Array(data);
  const put = await fetch(location, { method: 'PUT', body, headers: { 'content-type': 'application/octet-stream' } });
  if (put.status !== 201) throw new Error(`registry: blob not stored: ${put.status} ${await put.text()}`);
  return { digest, size: data.length };
}

async function digestOfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return `sha256:${hash.digest('hex')}`;
}

async function gzipped(path: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of createReadStream(path).pipe(createGzip({ level: 1 }))) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

export async function startRegistry(): Promise<Registry> {
  const directory = mkdtempSync(join(tmpdir(), 'registry-test-'));
  const address = `127.0.0.1:${await freePort()}`;
  const base = `http://${address}`;
  writeFileSync(
    join(directory, 'config.yml'),
    `version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: ${directory}/data}}\nhttp: {addr: ${address}}\n`,
  );
  const server = spawn('docker-registry', ['serve', join(directory, 'config.yml')], { stdio: 'ignore' });
  let failed: Error | undefined;
  server.on('error', (error) => {
    failed = error;
  });
  await eventually(async () => {
    if (failed) return true;
    return (await fetch(`${base}/v2/`)).ok;
  }, 20_000);
  if (failed) throw failed;
  return {
    address,
    async push(repository, tag, layerTar, config = {}) {
      const diffId = await digestOfFile(layerTar);
      const layer = await putBlob(base, repository, await gzipped(layerTar));
      const imageConfig = {
        architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
        os: 'linux',
        config: {
          Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
          Cmd: ['/bin/bash'],
          ...config,
        },
        rootfs: { type: 'layers', diff_ids: [diffId] },
        history: [{ created: '2026-01-01T00:00:00Z', created_by: 'test' }],
        created: '2026-01-01T00:00:00Z',
      };
      const configBlob = await putBlob(base, repository, Buffer.from(JSON.stringify(imageConfig)));
      const manifest = JSON.stringify({
        schemaVersion: 2,
        mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
        config: { mediaType: 'application/vnd.docker.container.image.v1+json', ...configBlob },
        layers: [{ mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip', ...layer }],
      });
      const put = await fetch(`${base}/v2/${repository}/manifests/${tag}`, {
        method: 'PUT',
        body: manifest,
        headers: { 'content-type': 'application/vnd.docker.distribution.manifest.v2+json' },
      });
      if (put.status !== 201) throw new Error(`registry: manifest not stored: ${put.status} ${await put.text()}`);
      return { digest: sha256(Buffer.from(manifest)) };
    },
    async close() {
      const ended = new Promise((resolve) => server.once('exit', resolve));
      server.kill('SIGTERM');
      await ended;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
