import assert from 'node:assert/strict';
import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { containerDomain } from '../../../support/container-domain.ts';
import { eventually } from '../../../support/eventually.ts';

const directory = (d: { dataRoot: string }) => join(d.dataRoot, 'containers');

test('a creation cut short at any file is collected by the next daemon', async () => {
  await using d = await containerDomain();
  const id = await d.createHost({ Binds: ['/anon'] }, 'half');
  await d.service.close();
  const whole = join(directory(d), id);
  // Each stage as the killed daemon leaves it: nothing, one file, both, a torn one.
  for (const stage of [[], ['hostconfig.json'], ['config.json', 'hostconfig.json'], 'torn'] as const) {
    const half = join(directory(d), `.new-${id}`);
    await mkdir(half);
    for (const file of stage === 'torn' ? [] : stage) await cp(join(whole, file), join(half, file));
    if (stage === 'torn') await writeFile(join(half, 'config.json'), '{"version":1,"id":');
    const copy = await cp(whole, join(d.dataRoot, 'kept'), { recursive: true }).then(() => join(d.dataRoot, 'kept'));
    await rm(whole, { recursive: true });
    await d.images.prepareRootfs(id);
    await d.crash();
    await d.service.close();
    assert.deepEqual(await readdir(directory(d)), [], String(stage));
    assert.equal(d.images.rootfs.size, 0);
    await rename(copy, whole);
  }
  assert.equal(d.volumes.volumes.size, 0, 'the anonymous volume went with the record that named it');
});

test('a removal cut short after its rename is finished by the next daemon', async () => {
  for (const suffix of ['', '.volumes']) {
    await using d = await containerDomain();
    const id = await d.createHost({ Binds: ['/anon', 'named:/n'] }, 'gone');
    await d.service.close();
    await rename(join(directory(d), id), join(directory(d), `.gone-${id}${suffix}`));
    await d.crash();
    await assert.rejects(d.service.inspect('gone', { size: false }), { code: 'NotFound' });
    await d.service.close();
    assert.deepEqual(await readdir(directory(d)), []);
    assert.equal(d.volumes.volumes.size, suffix ? 1 : 2);
    assert.equal(d.images.rootfs.size, 0);
  }
});

test('a record that cannot be read is left out, reported and kept', async () => {
  await using d = await containerDomain();
  const id = await d.create({}, 'torn');
  await d.create({}, 'fine');
  await d.service.close();
  await writeFile(join(directory(d), id, 'config.json'), '');
  await writeFile(join(directory(d), id, 'config.json.tmp'), 'x');
  await d.crash();
  assert.equal((await d.service.list({ all: true, size: false, filters: {} })).length, 1);
  assert.match(d.warnings.join(), /record cannot be read/);
  assert.ok((await readdir(directory(d))).includes(id));
});

test('records on disk follow the last of many changes', async () => {
  await using d = await containerDomain();
  const id = await d.run({}, 'aa');
  await Promise.all(['bb', 'cc', 'dd'].map((name) => d.service.rename(id, name)));
  await Promise.all([d.service.pause(id), d.service.rename(id, 'last')]);
  const record = JSON.parse(await readFile(join(directory(d), id, 'config.json'), 'utf8'));
  assert.deepEqual([record.name, record.state.status], ['last', 'paused']);
});

test('a removal that fails leaves a dead container that can be removed later', async () => {
  await using d = await containerDomain();
  const id = await d.create({}, 'web');
  const remove = d.images.removeRootfs.bind(d.images);
  d.images.removeRootfs = async () => {
    throw new Error('device or resource busy');
  };
  const opts = { force: false, volumes: false, link: false };
  const message = `unable to remove filesystem for ${id}: device or resource busy`;
  await assert.rejects(d.service.remove('web', opts), { code: 'System', message });
  assert.equal((await d.state('web'))?.Status, 'dead');
  await assert.rejects(d.service.start('web'), { code: 'Conflict' });
  d.images.removeRootfs = remove;
  await d.service.remove('web', opts);
  await eventually(async () => assert.deepEqual(await readdir(directory(d)), []));
});
