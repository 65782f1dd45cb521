/** One name for several platforms: pulled one by one, told apart, saved, pushed and removed together or alone. */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { checkStore } from '../../../packages/daemon/src/images/check.ts';
import { chunksOf, descriptor, type FixtureImage, imageOf, sha256 } from '../../support/image-fixture.ts';
import { type ImageBench, imageBench } from '../../support/image-service.ts';
import { type LocalRegistry, startRegistry } from '../../support/local-registry.ts';
import { missing } from '../../support/program.ts';

const LIST = 'application/vnd.docker.distribution.manifest.list.v2+json';
const MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
const ARM = 'linux/arm64';
const [HOST, OTHER] = process.arch === 'arm64' ? [ARM, 'linux/amd64'] : ['linux/amd64', ARM];

describe('several platforms of one image', {
  skip: missing({ root: true, programs: ['docker-registry', 'skopeo'] }),
}, () => {
  let registry: LocalRegistry;
  let bench: ImageBench;
  const images: Record<string, FixtureImage> = {};
  let app = '';

  /** Puts an index of these under a name. @returns its digest */
  async function putIndex(name: string, platforms: readonly string[]): Promise<string> {
    const manifests = platforms.map((platform) => {
      const [os, architecture] = platform.split('/');
      return { ...descriptor(MANIFEST, (images[platform] as FixtureImage).manifest), platform: { os, architecture } };
    });
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: LIST, manifests }));
    const [repository, tag] = name.split(':');
    const response = await fetch(`http://${registry.host}/v2/${repository}/manifests/${tag}`, {
      method: 'PUT',
      headers: { 'content-type': LIST },
      body: new Uint8Array(bytes),
    });
    assert.equal(response.status, 201, await response.text());
    return sha256(bytes);
  }

  before(async () => {
    registry = await startRegistry();
    app = `${registry.host}/app:1`;
    for (const platform of ['linux/amd64', ARM, 'linux/s390x']) {
      const architecture = platform.split('/')[1] as string;
      const layers = [[{ name: 'shared', content: 'same' }], [{ name: 'own', content: architecture }]];
      images[platform] = await imageOf(layers, { architecture });
      await registry.push(images[platform], `app:${architecture}`);
    }
  });
  after(() => registry?.close());
  beforeEach(async () => {
    bench = await imageBench();
    await putIndex('app:1', ['linux/amd64', ARM, 'linux/s390x']);
  });
  afterEach(() => bench.close());

  const idOf = (platform: string): string => (images[platform] as FixtureImage).id;
  const pullBoth = async () => {
    await bench.pull(app);
    await bench.pull(app, { platform: OTHER });
  };
  const list = () => bench.service.list({ all: false, filters: {}, manifests: true });
  const blobs = () => readdir(join(bench.dataRoot, 'content/blobs/sha256'));
  const remove = (ref: string, platforms: string[] = []) =>
    bench.service.remove(ref, { force: false, noPrune: false, platforms });
  async function archiveOf(refs: string[], platforms: string[] = []): Promise<Buffer> {
    const chunks: Buffer[] = [];
    await bench.service.save(refs, { platforms }, async (chunk) => chunks.push(chunk) > 0);
    return Buffer.concat(chunks);
  }

  test("a second platform joins the first under the name; the host's stays what the name means", async () => {
    await bench.pull(app, { platform: OTHER });
    assert.equal((await bench.service.inspect(app)).Id, idOf(OTHER));
    const messages = await bench.pull(app);
    assert.match(String(messages.at(-1)?.status), /Downloaded newer image/);
    assert.match(String((await bench.pull(app, { platform: OTHER })).at(-1)?.status), /Image is up to date/);
    assert.equal((await bench.service.inspect(app)).Id, idOf(HOST));
    const rows = await list();
    assert.equal(rows.length, 1);
    assert.deepEqual(
      rows[0]?.Manifests?.map((m) => [m.ImageData?.Platform?.architecture, m.Available]),
      [
        ['amd64', true],
        ['arm64', true],
        ['s390x', false],
      ],
    );
    for (const { Size, Available, ImageData } of rows[0]?.Manifests ?? [])
      assert.equal(Size.Total - Size.Content, Available ? ImageData?.Size.Unpacked : 0);
    assert.deepEqual((await checkStore(bench.dataRoot)).damage, []);
  });

  test('each is found by its platform', async () => {
    await pullBoth();
    for (const platform of [HOST, OTHER]) {
      const image = await bench.service.inspect(app, { platform });
      assert.equal(image.Id, idOf(platform));
      assert.deepEqual(image.RepoTags, [app]);
      assert.equal((await bench.service.history(app, { platform }))[0]?.Id, idOf(platform));
      assert.equal((await bench.service.resolve(app, { platform })).id, idOf(platform));
      assert.ok(bench.service.means(app, idOf(platform)));
    }
    const whole = await bench.service.inspect(app, { manifests: true });
    assert.deepEqual([whole.Descriptor?.mediaType, whole.Manifests?.length], [LIST, 3]);
    const one = await bench.service.inspect(app, { platform: OTHER });
    assert.equal(one.Descriptor?.digest, (images[OTHER] as FixtureImage).digest);
    const missingOne = { code: 'NotFound', message: /does not provide the specified platform \(linux\/s390x\)$/ };
    await assert.rejects(bench.service.inspect(app, { platform: 'linux/s390x' }), missingOne);
    await bench.reopen();
    assert.equal((await bench.service.inspect(app, { platform: OTHER })).Id, idOf(OTHER));
  });

  test('removing the name removes all; a platform alone goes and leaves the others', async () => {
    await pullBoth();
    assert.ok((await remove(app, [HOST])).some((item) => item.Deleted === idOf(HOST)));
    assert.equal((await bench.service.inspect(app)).Id, idOf(OTHER));
    await assert.rejects(remove(app, ['linux/s390x']), { code: 'NotFound' });
    await bench.pull(app);
    const records = await remove(app);
    for (const platform of [HOST, OTHER])
      assert.ok(
        records.some((item) => item.Deleted === idOf(platform)),
        platform,
      );
    assert.deepEqual([bench.service.count(), await blobs()], [0, []]);
    await bench.pull(app, { platform: OTHER });
    assert.ok((await remove(app, [OTHER])).some((item) => item.Untagged === app));
    assert.equal(bench.service.count(), 0);
  });

  test('another name for it holds all of them, too', async () => {
    await pullBoth();
    await bench.service.tag(app, 'kept', undefined);
    await remove(app);
    assert.equal((await bench.service.inspect('kept', { platform: OTHER })).Id, idOf(OTHER));
    assert.equal((await list()).length, 1);
    assert.equal((await bench.service.prune({ filters: { dangling: ['true'] } })).deleted.length, 0);
    assert.equal((await bench.service.prune({ filters: { dangling: ['false'] } })).deleted.length > 0, true);
    assert.deepEqual([bench.service.count(), await blobs()], [0, []]);
  });

  test('a platform that a container uses is not removed with the name', async () => {
    await pullBoth();
    bench.containers.push({ id: 'c'.repeat(64), imageId: idOf(OTHER), running: true });
    assert.equal((await list())[0]?.Containers, 1);
    await assert.rejects(remove(app), { code: 'Conflict' });
    await assert.rejects(remove(app, [OTHER]), { code: 'Conflict' });
    bench.containers.length = 0;
    await remove(app);
    assert.equal(bench.service.count(), 0);
  });

  test('an archive has all platforms that are here, or those asked for', async () => {
    await pullBoth();
    const [all, one] = [await archiveOf([app]), await archiveOf([app], [OTHER])];
    for (const [archive, platforms, expected] of [
      [all, [], [HOST, OTHER]],
      [all, [OTHER], [OTHER]],
      [one, [], [OTHER]],
    ] as const) {
      const other = await imageBench();
      try {
        const messages: unknown[] = [];
        const progress = (message: { stream?: string }) => messages.push(message.stream);
        await other.service.load(chunksOf(archive), { quiet: true, progress, platforms });
        assert.deepEqual(messages, [`Loaded image: ${app}\n`]);
        assert.equal(other.service.count(), expected.length);
        for (const platform of expected)
          assert.equal((await other.service.inspect(app, { platform })).Id, idOf(platform));
        assert.deepEqual((await checkStore(other.dataRoot)).damage, []);
      } finally {
        await other.close();
      }
    }
    await assert.rejects(archiveOf([app], ['linux/s390x']), { code: 'NotFound' });
  });

  test('an index whose images are all here is pushed whole, with the same digest; else one image', async () => {
    const digest = await putIndex('app:two', [HOST, OTHER]);
    const two = `${registry.host}/app:two`;
    await bench.pull(two);
    const push = async (name: string, platform?: string) => {
      await bench.service.tag(two, `${registry.host}/${name}`, '1');
      await bench.service.push(`${registry.host}/${name}:1`, { progress: () => {}, ...(platform && { platform }) });
      const accept = `${LIST}, ${MANIFEST}`;
      const answer = await fetch(`http://${registry.host}/v2/${name}/manifests/1`, { headers: { accept } });
      return answer.headers.get('docker-content-digest');
    };
    assert.equal(await push('part'), (images[HOST] as FixtureImage).digest);
    await bench.pull(two, { platform: OTHER });
    assert.equal(await push('whole'), digest);
    assert.equal(await push('single', OTHER), (images[OTHER] as FixtureImage).digest);
    const other = await imageBench();
    try {
      await other.pull(`${registry.host}/whole:1`, { platform: OTHER });
      assert.equal((await other.service.inspect(`${registry.host}/whole:1`)).Id, idOf(OTHER));
    } finally {
      await other.close();
    }
  });

  test('a name that moves to another index leaves the old images without it', async () => {
    await pullBoth();
    await putIndex('app:1', [HOST]);
    await bench.pull(app);
    await assert.rejects(bench.service.inspect(app, { platform: OTHER }), { code: 'NotFound' });
    assert.equal(bench.service.means(app, idOf(OTHER)), false);
  });
});
