/** Layers that are hard to unpack look in our storage as they look in dockerd's, and our layouts please other tools. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Engine, startDockerd, startTsdockerd } from '../support/engines.ts';
import { sha256, tarOf } from '../support/image-fixture.ts';
import { missing, runProgram } from '../support/program.ts';
import { treeListing } from '../support/tree-listing.ts';

const skip = missing({ root: true, programs: ['dockerd', 'docker', 'tar', 'python3'] });
const LINKS = 10_000;

/** Makes the tree of a base layer. Run by bash in an empty directory. */
const BASE = `
set -e
mkdir -m 2750 setgid; mkdir -m 1777 sticky; mkdir -p hidden/by/whiteout opaque/below gone replaced
touch hidden/by/whiteout/f opaque/below/f gone/f replaced/f
echo linked >links-0
printf long >"$(printf 'n%.0s' $(seq 255))"
deep=$(printf 'level/%.0s' $(seq 100)); mkdir -p "$deep"; echo deep >"$deep/f"
echo suid >suid; chmod 4755 suid; chown 3:4 suid; chmod 4755 suid
mknod -m 640 device c 10 200; mknod -m 600 block b 7 99; mkfifo -m 644 pipe
ln -s /somewhere/else absolute; ln -s ../../.. climbing; ln -s hidden/by link; chown -h 70000:4294967290 link
echo big >ids; chown 4294967290:70000 ids
touch -d '2001-12-31 23:59:58.25 UTC' ids; touch -h -d '2031-01-02 03:04:05.678901234 UTC' link
python3 -c "
import os
for i in range(${LINKS}): os.link('links-0', f'links-{i + 1}')
os.setxattr('suid', 'security.capability', bytes.fromhex('0100000202040000000000000000000000000000'))
os.setxattr('ids', 'user.some', bytes(range(256)))
os.setxattr('setgid', 'trusted.mine', b'x')
"
mkdir -m 500 'odd "name"' "new
line"; echo 'ümläut' >'ümläut'; printf '\\001' >"$(printf 'byte\\377')"
`;

const started = BigInt(Math.floor(Date.now() / 1000)) * 1_000_000_000n;
let folder = '';
let archive = '';
let engines: Engine[] = [];

/** An uncompressed layer of what a script makes, with everything GNU tar can say. */
async function layerOf(script: string): Promise<Buffer> {
  const tree = mkdtempSync(join(folder, 'tree-'));
  execFileSync('bash', ['-c', script], { cwd: tree });
  const out = join(folder, 'layer.tar');
  execFileSync('tar', ['--format=pax', '--xattrs', '--xattrs-include=*', '--sort=name', '-C', tree, '-cf', out, '.']);
  rmSync(tree, { recursive: true });
  return readFileSync(out);
}

/** What no entry of the archive makes, whiteouts among it, has the time of unpacking. */
const withoutNow = (line: string): string =>
  line.replace(/ \d{19} /, (time) => (BigInt(time.trim()) >= started ? ' now ' : time));

before(async () => {
  if (skip) return;
  folder = mkdtempSync(join(tmpdir(), 'tsd-layers-'));
  const whiteouts = await tarOf([
    { name: './', mode: 0o751, mtime: new Date('2020-01-01T00:00:00Z') },
    { name: 'hidden/', mode: 0o700, uid: 9, gid: 9, mtime: new Date('2020-01-02T00:00:00Z') },
    { name: 'hidden/.wh.by' },
    { name: '.wh.gone' },
    { name: 'opaque/', mode: 0o755 },
    { name: 'opaque/.wh..wh..opq' },
    { name: 'opaque/new', content: 'x' },
    { name: 'replaced', content: 'a file now' },
    { name: 'left/out/f', content: 'parents that no entry makes' },
  ]);
  const layers = [await layerOf(BASE), whiteouts];
  const config = Buffer.from(
    JSON.stringify({
      architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
      os: 'linux',
      config: {},
      rootfs: { type: 'layers', diff_ids: layers.map(sha256) },
      history: layers.map(() => ({ created: '2024-01-01T00:00:00Z' })),
    }),
  );
  const name = `${sha256(config).slice(7)}.json`;
  const manifest = [{ Config: name, RepoTags: ['hard:1'], Layers: layers.map((_, i) => `${i}/layer.tar`) }];
  archive = join(folder, 'hard.tar');
  writeFileSync(
    archive,
    await tarOf([
      ...layers.map((content, i) => ({ name: `${i}/layer.tar`, content })),
      { name, content: config },
      { name: 'manifest.json', content: JSON.stringify(manifest) },
    ]),
  );
  engines = await Promise.all([startTsdockerd(), startDockerd()]);
  await Promise.all(engines.map((engine) => engine.ok(['load', '-q', '-i', archive])));
});

after(async () => {
  await Promise.all(engines.map((engine) => engine.dispose()));
  if (folder) rmSync(folder, { recursive: true, force: true });
});

interface Inspected {
  Id: string;
  GraphDriver: { Data: { UpperDir: string; LowerDir: string } };
}

describe('hard layers', { skip }, () => {
  test('are unpacked as dockerd unpacks them: tree, modes, owners, times, links, attributes', {
    timeout: 180_000,
  }, async () => {
    const [ours, theirs] = (await Promise.all(
      engines.map((engine) => engine.get<Inspected>('/v1.41/images/hard:1/json')),
    )) as [Inspected, Inspected];
    assert.equal(ours.Id, theirs.Id);
    for (const directory of ['LowerDir', 'UpperDir'] as const) {
      const [mine, dockers] = (await Promise.all(
        [ours, theirs].map((image) => treeListing(image.GraphDriver.Data[directory])),
      )) as [string[], string[]];
      // The top's own line: dockerd passes over what an archive says of the root.
      for (const listing of [mine, dockers]) listing.splice(0, listing.length, ...listing.slice(1).map(withoutNow));
      const differing = mine.filter((line, i) => line !== dockers[i]);
      assert.deepEqual(differing.slice(0, 5), dockers.filter((line, i) => line !== mine[i]).slice(0, 5));
      assert.equal(mine.length, dockers.length);
      assert.ok(mine.length > (directory === 'LowerDir' ? LINKS : 5), `${directory} has ${mine.length} entries`);
    }
  });

  test('saved by us they load in dockerd as the same image', {
    timeout: 120_000,
  }, async () => {
    const [ours, dockerd] = engines as [Engine, Engine];
    const file = join(folder, 'ours.tar');
    await ours.ok(['tag', 'hard:1', 'again:1']);
    await ours.ok(['save', '-o', file, 'again:1']);
    await dockerd.ok(['load', '-q', '-i', file], { client: 'docker' });
    const ids = await Promise.all(engines.map((engine) => engine.get<Inspected>('/v1.41/images/again:1/json')));
    assert.equal(ids[0]?.Id, ids[1]?.Id);
  });
});

describe('the layout of a saved image', { skip: skip || missing({ programs: ['skopeo', 'umoci'] }) }, () => {
  test('is read by skopeo and umoci, digests and all', { timeout: 120_000 }, async () => {
    const [ours] = engines as [Engine];
    const [file, layout, copied] = [join(folder, 'l.tar'), join(folder, 'layout'), join(folder, 'copied')];
    await ours.ok(['save', '-o', file, 'hard:1']);
    mkdirSync(layout);
    execFileSync('tar', ['-C', layout, '-xf', file]);
    const index = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8')) as { manifests: { digest: string }[] };
    const [entry] = index.manifests as [{ digest: string }];
    const skopeo = await runProgram('skopeo', [
      ...['--insecure-policy', 'copy', '--preserve-digests', '-q'],
      ...[`oci:${layout}:1`, `dir:${copied}`],
    ]);
    assert.equal(skopeo.code, 0, skopeo.stderr);
    const manifest = readFileSync(join(copied, 'manifest.json'));
    assert.equal(`sha256:${createHash('sha256').update(manifest).digest('hex')}`, entry.digest);
    const umoci = await runProgram('umoci', ['stat', '--json', '--image', `${layout}:1`]);
    assert.equal(umoci.code, 0, umoci.stderr);
    assert.equal((JSON.parse(umoci.stdout) as { history: unknown[] }).history.length, 2);
    const unpacked = await runProgram('umoci', ['raw', 'unpack', '--image', `${layout}:1`, join(folder, 'rootfs')]);
    assert.equal(unpacked.code, 0, unpacked.stderr.slice(-2000));
    assert.equal(readFileSync(join(folder, 'rootfs/links-9999'), 'utf8'), 'linked\n');
    assert.equal(readFileSync(join(folder, 'rootfs/replaced'), 'utf8'), 'a file now');
  });
});
