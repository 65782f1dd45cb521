/** Several platforms under one name, from the command line: each command that takes --platform. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Engine, startTsdockerd } from '../support/engines.ts';
import { descriptor, type FixtureImage, imageOf } from '../support/image-fixture.ts';
import { type LocalRegistry, startRegistry } from '../support/local-registry.ts';
import { missing } from '../support/program.ts';

const skip = missing({ root: true, programs: ['docker-registry', 'skopeo'] });
const LIST = 'application/vnd.docker.distribution.manifest.list.v2+json';
const MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
const [HOST, OTHER] = process.arch === 'arm64' ? ['arm64', 'amd64'] : ['amd64', 'arm64'];

let engine: Engine;
let registry: LocalRegistry;
let folder = '';
let name = '';
const images: Record<string, FixtureImage> = {};

before(async () => {
  if (skip) return;
  folder = mkdtempSync(join(tmpdir(), 'platforms-'));
  [engine, registry] = await Promise.all([startTsdockerd(), startRegistry()]);
  name = `${registry.host}/app:1`;
  for (const architecture of ['amd64', 'arm64']) {
    images[architecture] = await imageOf([[{ name: 'own', content: architecture }]], { architecture });
    await registry.push(images[architecture], `app:${architecture}`);
  }
  const manifests = Object.entries(images).map(([architecture, { manifest }]) => ({
    ...descriptor(MANIFEST, manifest),
    platform: { os: 'linux', architecture },
  }));
  const answer = await fetch(`http://${registry.host}/v2/app/manifests/1`, {
    method: 'PUT',
    headers: { 'content-type': LIST },
    body: JSON.stringify({ schemaVersion: 2, mediaType: LIST, manifests }),
  });
  assert.equal(answer.status, 201);
});

after(async () => {
  await engine?.dispose();
  await registry?.close();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

const platform = (architecture: string): string => `--platform=linux/${architecture}`;
const idOf = (architecture: string): string => (images[architecture] as FixtureImage).id;
const inspect = (...args: string[]): Promise<string> => engine.ok(['image', 'inspect', '-f', '{{.Id}}', ...args]);

describe('--platform', { skip }, () => {
  test('pull keeps both; inspect, history, create and ps tell them apart', { timeout: 60_000 }, async () => {
    await engine.ok(['pull', '-q', name]);
    await engine.ok(['pull', '-q', platform(OTHER), name]);
    assert.equal(await inspect(name), idOf(HOST));
    assert.equal(await inspect(platform(OTHER), name), idOf(OTHER));
    const history = await engine.ok(['history', '-q', '--no-trunc', platform(OTHER), name]);
    assert.equal(history.split('\n')[0], idOf(OTHER));
    const refused = await engine.cli(['image', 'inspect', '--platform', 'linux/s390x', name]);
    assert.match(refused.stderr, /does not provide the specified platform \(linux\/s390x\)/);
    await engine.ok(['create', '--name', 'other', platform(OTHER), name, 'true']);
    assert.equal(await engine.ok(['inspect', '-f', '{{.Image}}', 'other']), idOf(OTHER));
    assert.equal(await engine.ok(['ps', '-a', '--format', '{{.Image}}']), name);
    assert.match(
      await engine.ok(['images', '--tree']),
      new RegExp(`^${name} .* U\n├─ linux/amd64 .*\n└─ linux/arm64 `, 'm'),
    );
    await engine.ok(['rm', 'other']);
    assert.equal((await engine.ok(['images', '-q', '--no-trunc'])).split('\n').length, 1);
  });

  test('save, load, push and rmi take what is asked for', { timeout: 60_000 }, async () => {
    const [all, one] = [join(folder, 'all.tar'), join(folder, 'one.tar')];
    await engine.ok(['save', '-o', all, name]);
    await engine.ok(['save', '-o', one, platform(OTHER), name]);
    await engine.ok(['tag', name, `${registry.host}/copy:1`]);
    await engine.ok(['push', '-q', `${registry.host}/copy:1`]);
    const digests = await Promise.all(
      ['app', 'copy'].map(async (repository) => {
        const url = `http://${registry.host}/v2/${repository}/manifests/1`;
        return (await fetch(url, { headers: { accept: LIST } })).headers.get('docker-content-digest');
      }),
    );
    assert.equal(digests[0], digests[1]);
    await engine.ok(['rmi', `${registry.host}/copy:1`]);
    assert.match(await engine.ok(['rmi', platform(HOST), name]), new RegExp(`^Deleted: ${idOf(HOST)}`, 'm'));
    assert.equal(await inspect(name), idOf(OTHER));
    await engine.ok(['rmi', name]);
    await engine.ok(['load', '-q', '-i', all, platform(OTHER)]);
    assert.equal(await inspect(name), idOf(OTHER));
    await engine.ok(['load', '-q', '-i', all]);
    assert.equal(await inspect(name), idOf(HOST));
    await engine.ok(['rmi', name]);
    await engine.ok(['load', '-q', '-i', one]);
    assert.equal(await inspect(name), idOf(OTHER));
    await engine.ok(['rmi', name]);
    assert.equal(await engine.ok(['images', '-aq']), '');
  });
});
