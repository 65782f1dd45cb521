import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { writeFileAtomic } from '../../../../packages/daemon/src/store/atomic-write.ts';
import { JsonRecords } from '../../../../packages/daemon/src/store/json-records.ts';

async function root(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'tsd-store-'));
  t.after(() => rm(directory, { recursive: true }));
  return directory;
}

test('records come back in both layouts', async (t) => {
  for (const file of [undefined, 'config.json']) {
    const records = new JsonRecords<{ n: number }>({ root: await root(t), ...(file && { file }) });
    await Promise.all([records.save('a', { n: 1 }), records.save('b', { n: 2 })]);
    await records.remove('b');
    await records.remove('b');
    const loaded = await records.loadAll((id, err) => assert.fail(`${id}: ${err}`));
    assert.deepEqual([...loaded], [['a', { n: 1 }]]);
  }
});

test('the last of many saves wins', async (t) => {
  const records = new JsonRecords<number>({ root: await root(t), durable: false });
  await Promise.all(Array.from({ length: 50 }, (_, n) => records.save('a', n)));
  assert.equal(await readFile(records.path('a'), 'utf8'), '49');
});

test('a broken record is reported, the others are loaded, leftovers of killed writes go', async (t) => {
  const directory = await root(t);
  const records = new JsonRecords<number>({ root: directory });
  await records.save('good', 1);
  await writeFile(join(directory, 'bad.json'), '{"half":');
  await writeFile(join(directory, '.good.json.0123456789ab.tmp'), '{');
  const broken: string[] = [];
  assert.deepEqual([...(await records.loadAll((id) => broken.push(id)))], [['good', 1]]);
  assert.deepEqual(broken, ['bad']);
  assert.deepEqual((await readdir(directory)).sort(), ['bad.json', 'good.json']);
});

test('an id that is no file name is refused', async (t) => {
  const records = new JsonRecords<number>({ root: await root(t) });
  for (const id of ['', '..', '../x', 'a/b', '.hidden', 'a\0']) assert.throws(() => records.path(id));
});

test('a write that fails leaves the old file and nothing else', async (t) => {
  const directory = await root(t);
  await mkdir(join(directory, 'taken'));
  await assert.rejects(writeFileAtomic(join(directory, 'taken'), 'x'));
  assert.deepEqual(await readdir(directory), ['taken']);
  await writeFileAtomic(join(directory, 'f'), 'x', { mode: 0o640 });
  assert.equal((await stat(join(directory, 'f'))).mode & 0o777, 0o640);
});
