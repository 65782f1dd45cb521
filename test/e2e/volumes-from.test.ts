/** --volumes-from: whose files a container sees, and what it may do with them. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { debianArchive } from '../support/base-image.ts';
import { type Engine, startTsdockerd } from '../support/engines.ts';
import { missing } from '../support/program.ts';

const skip = missing({ root: true });
let engine: Engine;

before(async () => {
  if (skip) return;
  engine = await startTsdockerd();
  await engine.ok(['import', '--change', 'CMD ["/bin/bash"]', await debianArchive(), 'base:test']);
});

after(() => engine?.dispose());

const bash = (script: string): string[] => ['base:test', 'bash', '-c', script];

test('volumes and binds of stopped containers come along, each with its mode', { skip }, async () => {
  const shared = join(engine.directory, 'shared');
  mkdirSync(shared);
  writeFileSync(join(shared, 'file'), 'bound');
  await engine.ok([
    'run',
    '--name',
    'data',
    '-v',
    'kept:/kept',
    '-v',
    '/own',
    ...bash('echo a >/kept/f; echo b >/own/f'),
  ]);
  await engine.ok(['create', '--name', 'host', '-v', `${shared}:/shared:ro`, 'base:test']);

  const both = ['run', '--rm', '--volumes-from', 'data', '--volumes-from', 'host'];
  assert.equal(await engine.ok([...both, ...bash('cat /kept/f /own/f /shared/file')]), 'a\nb\nbound');
  // A mount that is read-only there stays so; `ro` makes the others so.
  const rw = ['run', '--rm', '--volumes-from', 'host:rw'];
  assert.notEqual((await engine.cli([...rw, ...bash('echo x >/shared/file')])).code, 0);
  const ro = ['run', '--rm', '--volumes-from', 'data:ro'];
  const denied = await engine.cli([...ro, ...bash('echo x >/kept/f')]);
  assert.match(denied.stderr, /Read-only file system/);
  await engine.ok(['run', '--rm', '--volumes-from', 'data', ...bash('echo c >/kept/f')]);
  assert.equal(await engine.ok(['run', '--rm', '-v', 'kept:/k', ...bash('cat /k/f')]), 'c');

  // A borrower that is removed leaves the anonymous volumes of a container that still has them.
  assert.equal(await engine.ok(['run', '--rm', '--volumes-from', 'data', ...bash('cat /own/f')]), 'b');
});

test('an own mount wins over one that comes along', { skip }, async () => {
  await engine.ok(['create', '--name', 'giver', '-v', 'given:/data', 'base:test']);
  const run = ['run', '--rm', '--volumes-from', 'giver', '-v', 'mine:/data'];
  await engine.ok([...run, ...bash('echo mine >/data/f')]);
  assert.equal(await engine.ok(['run', '--rm', '-v', 'mine:/m', ...bash('cat /m/f')]), 'mine');
});

test('no such container and no such mode are refused', { skip }, async () => {
  await engine.ok(['create', '--name', 'source', '-v', '/data', 'base:test']);
  for (const [from, words] of [
    ['absent', 'No such container: absent'],
    ['source:sometimes', 'invalid mode: sometimes'],
  ] as const) {
    const { code, stderr } = await engine.cli(['create', '--volumes-from', from, 'base:test']);
    assert.equal(code, 1, from);
    assert.ok(stderr.includes(words), stderr);
  }
});

test('an anonymous volume goes with the last container that has it, whoever it was made for', { skip }, async () => {
  const volumes = async () => (await engine.ok(['volume', 'ls', '-q'])).split('\n').filter(Boolean).length;
  const before = await volumes();
  await engine.ok(['create', '--name', 'owner', '-v', '/anon', 'base:test']);
  await engine.ok(['create', '--name', 'borrower', '--volumes-from', 'owner', 'base:test']);
  await engine.ok(['rm', '-v', 'owner']);
  assert.equal(await volumes(), before + 1);
  await engine.ok(['rm', '-v', 'borrower']);
  assert.equal(await volumes(), before);
});
