/** The store's check finds what is wrong, and nothing else. */
import assert from 'node:assert/strict';
import { chmodSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { checkStore } from '../../../packages/daemon/src/images/check.ts';
import type { ImageState } from '../../../packages/daemon/src/images/store.ts';
import { chunksOf, type FixtureImage, imageOf, savedArchive } from '../../support/image-fixture.ts';
import { type ImageBench, imageBench } from '../../support/image-service.ts';
import { missing } from '../../support/program.ts';

describe('checking the store', { skip: missing({ root: true }) }, () => {
  let images: ImageBench;
  let image: FixtureImage;
  let path: (below: string) => string;
  let record: ImageState;

  beforeEach(async () => {
    images = await imageBench();
    image = await imageOf([[{ name: 'a', content: 'one' }], [{ name: 'b', content: 'two' }]]);
    const archive = await savedArchive(image, ['app:1']);
    await images.service.load(chunksOf(archive), { quiet: true, progress: () => {} });
    await images.service.prepareRootfs('c'.repeat(64), image.id, { volatile: false });
    path = (below) => join(images.dataRoot, below);
    record = JSON.parse(readFileSync(path('image/store.json'), 'utf8'));
  });
  afterEach(() => images.close());

  const blobOf = (digest: string) => path(`content/blobs/sha256/${digest.slice(7)}`);
  const layerOf = (index: number) => record.images[image.id]?.chainIds[index] as string;
  const damageAfter = async (harm: () => void): Promise<string[]> => {
    harm();
    return (await checkStore(images.dataRoot)).damage;
  };

  test('a whole store has no damage, and what nothing names is left over', async () => {
    const before = await checkStore(images.dataRoot);
    assert.deepEqual({ ...before, bytes: 0 }, { images: 1, layers: 2, blobs: 4, bytes: 0, damage: [], leftovers: [] });
    writeFileSync(blobOf(`sha256:${'0'.repeat(64)}`), 'nobody');
    writeFileSync(path('content/ingest/partial'), 'half');
    const { damage, leftovers } = await checkStore(images.dataRoot);
    assert.deepEqual(damage, []);
    assert.deepEqual(leftovers, [`blob sha256:${'0'.repeat(64)}`, 'unfinished blob partial']);
  });

  test('a changed, a cut and a missing blob', async () => {
    const digest = record.layers[layerOf(0)]?.blob.digest as string;
    const bytes = readFileSync(blobOf(digest));
    chmodSync(blobOf(digest), 0o600);
    bytes[600] = (bytes[600] as number) ^ 1;
    assert.match((await damageAfter(() => writeFileSync(blobOf(digest), bytes))).join(), /^blob sha256:\w+ holds sha/);
    assert.match((await damageAfter(() => truncateSync(blobOf(digest), 10))).join(), /^blob sha256:\w+ holds sha256:/);
    assert.deepEqual(await damageAfter(() => rmSync(blobOf(digest))), [`blob ${digest} is missing`]);
  });

  test('a layer that is not there, or not all of it', async () => {
    const [first, second] = [layerOf(0), layerOf(1)];
    const harm = () => writeFileSync(path(`overlay2/${first.slice(7)}/diff/a`), 'more than one');
    assert.match((await damageAfter(harm)).join(), new RegExp(`^layer ${first} has 13 bytes unpacked, not 3$`));
    const damage = await damageAfter(() => rmSync(path(`overlay2/${second.slice(7)}`), { recursive: true }));
    assert.ok(damage.includes(`layer ${second} is not unpacked`), damage.join('\n'));
    assert.ok(
      damage.some((line) => line.startsWith(`container ${'c'.repeat(64)}: link`)),
      damage.join('\n'),
    );
  });

  test('names and records that do not fit together', async () => {
    const write = (change: (state: ImageState) => void) => () => {
      const state = structuredClone(record);
      change(state);
      writeFileSync(path('image/store.json'), JSON.stringify(state));
    };
    const other = `sha256:${'1'.repeat(64)}`;
    const named = await damageAfter(
      write((state) => Object.assign(state.references, { 'docker.io/library/x:1': other })),
    );
    assert.deepEqual(named, [`name docker.io/library/x:1: there is no image ${other}`]);
    const cut = await damageAfter(write((state) => state.images[image.id]?.chainIds.pop()));
    assert.deepEqual(cut, [`image ${image.id}: its layers are not those of its configuration`]);
    const lost = await damageAfter(write((state) => delete state.layers[layerOf(0)]));
    assert.ok(lost.includes(`layer ${layerOf(0)} of image ${image.id} is not in the store`), lost.join('\n'));
  });
});
