import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, watch, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { ANONYMOUS_LABEL, LocalVolumeService } from '../../../../packages/daemon/src/volumes/service.ts';
import { eventually } from '../../../support/eventually.ts';

let dataRoot = '';
beforeEach(() => {
  dataRoot = mkdtempSync(join(tmpdir(), 'tsdocker-volumes-'));
});
afterEach(() => rmSync(dataRoot, { recursive: true, force: true }));
const open = () => LocalVolumeService.open({ dataRoot });

test('volumes outlive the service, and creating one again returns it', async () => {
  const volume = await (await open()).create({ Name: 'web', Labels: { a: '1' } });
  assert.equal(volume.Mountpoint, join(dataRoot, 'volumes/web/_data'));
  const again = await open();
  assert.deepEqual(await again.inspect('web'), volume);
  assert.deepEqual(await again.create({ Name: 'web', Labels: { b: '2' } }), volume);
  const anonymous = await again.create({});
  assert.match(anonymous.Name, /^[0-9a-f]{64}$/);
  assert.ok(ANONYMOUS_LABEL in anonymous.Labels);
});

test('a volume in use is not removed', async () => {
  const service = await open();
  await service.create({ Name: 'web' });
  const { empty, mountpoint } = await service.acquire('web', 'c1');
  assert.equal(empty, true);
  writeFileSync(join(mountpoint, 'x'), 'x');
  assert.equal((await service.acquire('web', 'c2')).empty, false);
  await assert.rejects(service.remove('web', { force: true }), {
    message: 'remove web: volume is in use - [c1, c2]',
    code: 'Conflict',
  });
  await service.release('web', 'c1');
  await service.release('web', 'c2');
  await service.remove('web', { force: false });
  assert.deepEqual(readdirSync(join(dataRoot, 'volumes')), []);
  await assert.rejects(service.inspect('web'), { message: 'get web: no such volume', code: 'NotFound' });
  await service.remove('web', { force: true });
  await assert.rejects(service.remove('web', { force: false }), { code: 'NotFound' });
});

test('names, drivers and options are checked', async () => {
  const service = await open();
  for (const name of ['../x', 'a/b', '.hidden', 'a b', 'x'.repeat(256)]) {
    await assert.rejects(service.create({ Name: name }), /includes invalid characters for a local volume name/);
  }
  await assert.rejects(service.create({ Name: 'x' }), /volume name is too short/);
  await assert.rejects(service.create({ Name: 'xx', Driver: 'nfs' }), {
    message: /plugin "nfs" not found/,
    code: 'NotFound',
  });
  await assert.rejects(service.create({ Name: 'xx', DriverOpts: { bogus: '1' } }), /invalid option: "bogus"/);
});

test('list filters and prune', async () => {
  const service = await open();
  await service.create({ Name: 'web', Labels: { tier: 'front' } });
  await service.create({ Name: 'db' });
  const { Name: anonymous } = await service.create({});
  await service.acquire('db', 'c1');
  const names = async (filters: Record<string, string[]>) => (await service.list(filters)).volumes.map((v) => v.Name);
  assert.deepEqual(await names({ label: ['tier=front'] }), ['web']);
  assert.deepEqual(await names({ dangling: ['false'] }), ['db']);
  assert.deepEqual(await names({ name: ['e'], driver: ['local'], dangling: ['1'], label: ['tier'] }), ['web']);
  assert.deepEqual(await names({ driver: ['nfs'] }), []);
  await assert.rejects(service.list({ bad: ['1'] }), { message: "invalid filter 'bad'", code: 'InvalidParameter' });
  assert.deepEqual((await service.prune({})).deleted, [anonymous]);
  writeFileSync(join(dataRoot, 'volumes/web/_data/f'), '12345');
  assert.deepEqual(await service.prune({ all: ['true'] }), { deleted: ['web'], reclaimedBytes: 5 });
  assert.deepEqual(await names({}), ['db']);
});

test('what a crash left half made or half removed goes at the next start', async () => {
  for (const name of ['.removed-old-1-2', '.passing-0123']) {
    mkdirSync(join(dataRoot, 'volumes', name, '_data'), { recursive: true });
  }
  const service = await open();
  assert.deepEqual((await service.list({})).volumes, []);
  assert.deepEqual(readdirSync(join(dataRoot, 'volumes')), []);
});

test('a volume appears whole: nobody sees its directory without a record', async () => {
  const service = await open();
  const seen: string[] = [];
  const watcher = watch(join(dataRoot, 'volumes'), (_, name) => {
    if (name && !name.startsWith('.') && existsSync(join(dataRoot, 'volumes', name))) {
      seen.push(`${name} ${existsSync(join(dataRoot, 'volumes', name, 'opts.json'))}`);
    }
  });
  for (let i = 10; i < 30; i++) await service.create({ Name: `v${i}` });
  await eventually(() => assert.ok(seen.some((line) => line.startsWith('v29'))));
  watcher.close();
  assert.deepEqual(
    seen.filter((line) => line.endsWith('false')),
    [],
  );
});

test('a directory that was put there keeps its data', async () => {
  mkdirSync(join(dataRoot, 'volumes/half/_data'), { recursive: true });
  writeFileSync(join(dataRoot, 'volumes/half/_data/file'), 'kept');
  const service = await open();
  assert.deepEqual((await service.list({})).volumes, []);
  assert.equal((await service.create({ Name: 'half' })).Name, 'half');
  assert.deepEqual(readdirSync(join(dataRoot, 'volumes')), ['half']);
  assert.deepEqual(readdirSync(join(dataRoot, 'volumes/half/_data')), ['file']);
  assert.equal((await (await open()).list({})).volumes.length, 1);
});

test('the longest name there can be is made and removed', async () => {
  const service = await open();
  const name = 'x'.repeat(255);
  await service.create({ Name: name });
  await service.remove(name, { force: false });
  assert.deepEqual(readdirSync(join(dataRoot, 'volumes')), []);
});
