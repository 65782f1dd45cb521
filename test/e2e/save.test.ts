/** Saved images: what is in the archive, and that both daemons load the same images out of it. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { debianArchive } from '../support/base-image.ts';
import { type Engine, startDockerd, startTsdockerd } from '../support/engines.ts';
import { missing, runProgram } from '../support/program.ts';

const skip = missing({ root: true, programs: [] });
let engine: Engine;
let folder = '';
let ids: string[] = [];

const idOf = async (from: Engine, name: string): Promise<string> =>
  (await from.get<{ Id: string }>(`/images/${name}/json`)).Id;

before(async () => {
  if (skip) return;
  folder = mkdtempSync(join(tmpdir(), 'saved-'));
  engine = await startTsdockerd();
  await engine.ok(['import', await debianArchive(), 'base:test']);
  await engine.ok(['build', '-q', '-t', 'two:1', '-t', 'two:2', '-'], {
    input: 'FROM base:test\nRUN echo layer > /layer\nENV A=b\nCMD ["cat", "/layer"]\n',
  });
  ids = [await idOf(engine, 'base:test'), await idOf(engine, 'two:1')];
});

after(async () => {
  await engine?.dispose();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

const read = async (file: string, name: string): Promise<unknown> =>
  JSON.parse((await runProgram('tar', ['-xOf', file, name])).stdout);

describe('save', { skip }, () => {
  test('the archive is an OCI layout and what docker has always loaded, the same bytes every time', async () => {
    const [file, again] = [join(folder, 'a.tar'), join(folder, 'b.tar')];
    await engine.ok(['save', '-o', file, 'base:test', 'two']);
    await engine.ok(['save', '-o', again, 'base:test', 'two']);
    assert.ok(readFileSync(file).equals(readFileSync(again)));
    const { manifests } = (await read(file, 'index.json')) as { manifests: { annotations: Record<string, string> }[] };
    assert.deepEqual(
      manifests.map((m) => m.annotations['io.containerd.image.name']),
      ['docker.io/library/base:test', 'docker.io/library/two:1', 'docker.io/library/two:2'],
    );
    const legacy = (await read(file, 'manifest.json')) as { Config: string; RepoTags: string[]; Layers: string[] }[];
    assert.deepEqual(
      legacy.map((m) => [m.Config, m.RepoTags, m.Layers.length]),
      [
        [`blobs/sha256/${ids[0]?.slice(7)}`, ['base:test'], 1],
        [`blobs/sha256/${ids[1]?.slice(7)}`, ['two:1', 'two:2'], 2],
      ],
    );
    assert.deepEqual(await read(file, 'oci-layout'), { imageLayoutVersion: '1.0.0' });
  });

  test('loaded again it is the same image, by tag or by id', async () => {
    const [byTag, byId] = [join(folder, 'tag.tar'), join(folder, 'id.tar')];
    await engine.ok(['save', '-o', byTag, 'two:1']);
    await engine.ok(['save', '-o', byId, ids[1] as string]);
    const other = await startTsdockerd();
    try {
      assert.equal(await other.ok(['load', '-i', byId]), `Loaded image ID: ${ids[1]}`);
      assert.equal(await other.ok(['load', '-i', byTag]), 'Loaded image: two:1');
      assert.equal(await idOf(other, 'two:1'), ids[1]);
      assert.equal(await other.ok(['run', '--rm', '--network', 'none', 'two:1']), 'layer');
    } finally {
      await other.dispose();
    }
  });

  test('what is not there is refused before a byte is written', async () => {
    const file = join(folder, 'none.tar');
    const { code, stderr } = await engine.cli(['save', '-o', file, 'base:test', 'nope']);
    assert.equal(code, 1);
    assert.match(stderr, /No such image: nope\n/);
    assert.equal((await runProgram('test', ['-e', file])).code, 1);
  });
});

describe('save, with dockerd', { skip: skip || missing({ root: true, programs: ['dockerd', 'docker'] }) }, () => {
  test('dockerd loads ours, we load what it saves', { timeout: 120_000 }, async () => {
    const dockerd = await startDockerd();
    try {
      const [ours, theirs] = [join(folder, 'ours.tar'), join(folder, 'theirs.tar')];
      await engine.ok(['save', '-o', ours, 'two:1']);
      await dockerd.ok(['load', '-q', '-i', ours], { client: 'docker' });
      assert.equal(await idOf(dockerd, 'two:1'), ids[1]);
      assert.equal(await dockerd.ok(['run', '--rm', '--network', 'none', 'two:1'], { client: 'docker' }), 'layer');
      await dockerd.ok(['tag', 'two:1', 'back:1'], { client: 'docker' });
      await dockerd.ok(['save', '-o', theirs, 'back:1'], { client: 'docker' });
      await engine.ok(['load', '-q', '-i', theirs]);
      assert.equal(await idOf(engine, 'back:1'), ids[1]);
    } finally {
      await dockerd.dispose();
    }
  });
});
