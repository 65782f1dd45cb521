/** cp does with every kind of source and destination what docker's does, and never leaves the container's root. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { debianArchive } from '../support/base-image.ts';
import { type Engine, startDockerd, startTsdockerd } from '../support/engines.ts';
import { missing, runProgram } from '../support/program.ts';

const skip = missing({ root: true, programs: ['dockerd', 'docker'] });
const home = mkdtempSync(join(tmpdir(), 'tsd-cp-'));
let ours: Engine;
let dockers: Engine;

const clientOf = (engine: Engine) => (engine === dockers ? { client: 'docker' } : {});

before(async () => {
  if (skip) return;
  const image = await debianArchive();
  [ours, dockers] = await Promise.all([startTsdockerd(), startDockerd()]);
  await Promise.all(
    [ours, dockers].map(async (engine) => {
      await engine.ok(['import', image, 'base:test'], clientOf(engine));
      await engine.ok(
        ['run', '-d', '--network', 'none', '--name', 'box', 'base:test', 'sleep', '1000'],
        clientOf(engine),
      );
    }),
  );
});

after(async () => {
  await Promise.all([ours?.dispose(), dockers?.dispose()]);
  rmSync(home, { recursive: true, force: true });
});

/** What is in a container before each row: files, directories, and links of every kind. */
const FIXTURE =
  'mkdir dir dir2; echo old >file; ln -s dir ldir; ln -s file lfile; ln -s nothing ldang; ln -s "$PWD/src/a" labs; ' +
  'mkdir src; echo a >src/a; ln -s a src/l; ln src/a src/h; chown 5:6 src/a; chmod 4750 src/a; touch -d 2021-02-03 src/a';

function localFixture(directory: string): void {
  mkdirSync(join(directory, 'd/sub'), { recursive: true });
  mkdirSync(join(directory, 'existing-dir'));
  for (const [name, text] of [
    ['f', 'f'],
    ['d/g', 'g'],
    ['d/sub/s', 's'],
    ['existing-file', 'old'],
  ] as const)
    writeFileSync(join(directory, name), text);
  symlinkSync('d', join(directory, 'dl'));
  symlinkSync('f', join(directory, 'fl'));
  symlinkSync('nowhere', join(directory, 'dang'));
  symlinkSync('existing-file', join(directory, 'existing-link'));
  chownSync(join(directory, 'd/g'), 1000, 1001);
  utimesSync(join(directory, 'f'), 1, 1_577_934_245);
}

/** `AT` is the row's own directory in the container, the working directory its own one here. */
const TO_CONTAINER = [
  'f box:AT',
  'f box:AT/',
  'f box:AT/n1',
  'f box:AT/n2/',
  'f box:AT/n3/x',
  'f box:AT/dir',
  'f box:AT/file',
  'd box:AT/dir',
  'd box:AT/nd',
  'd/. box:AT/nd2',
  'd/. box:AT/dir2',
  'd box:AT/file',
  'd/ box:AT/dir2',
  'f box:AT/ldir',
  'f box:AT/lfile',
  'f box:AT/ldang',
  'd box:AT/ldang',
  'fl box:AT/fl1',
  '-L fl box:AT/fl2',
  '-L fl box:AT',
  'dl box:AT/dl1',
  '-L dl box:AT/dl2',
  'dl/ box:AT/dl3',
  'dl/. box:AT/dl4',
  'dang box:AT/dang',
  'nope box:AT',
  'f nope:AT',
  'f/ box:AT',
  '-a f box:AT/arch',
  '-q d box:AT/quiet',
  '- box:AT/file',
  'f f',
  'box:AT/a box:AT/b',
];

const FROM_CONTAINER = [
  'box:AT/file o1',
  'box:AT/file o2/',
  'box:AT/src o3',
  'box:AT/src/. o4',
  'box:AT/src/ o5',
  'box:AT/lfile o6',
  '-L box:AT/lfile o7',
  '-L box:AT/ldir o8',
  'box:AT/ldir o9',
  'box:AT/ldir/ o10',
  'box:AT/ldir/. o11',
  'box:AT/ldang o12',
  '-L box:AT/ldang o13',
  'box:AT/nope o14',
  'nope:AT o15',
  'box:AT/file nodir/x',
  'box:AT/src existing-file',
  'box:AT/file existing-dir',
  'box:AT/src existing-dir',
  'box:AT/src/. existing-dir',
  '-L box:AT/lfile existing-dir',
  '-L box:AT/labs existing-dir',
  'box:AT/file existing-link',
  '-a box:AT/src o16',
  'box:/etc/hostname o17',
];

/** docker's client logs that it could not go on packing; it says nothing to anybody. */
const plain = (text: string, directory: string) =>
  text
    .replaceAll(directory, 'HERE')
    .split('\n')
    .filter((line) => !line.startsWith('time='))
    .join('\n');

const listing = (directory: string) =>
  execFileSync('find', ['.', '-printf', '%p %M %U:%G %l %CY\\n', '-type', 'f', '-printf', '%s %TY\\n'], {
    cwd: directory,
  })
    .toString()
    .split('\n')
    .sort();

async function copies(engine: Engine, rows: readonly string[], where: string) {
  const make = rows.map((_, i) => `mkdir -p /${where}/${i}; cd /${where}/${i}; ${FIXTURE}`).join('\n');
  await engine.ok(['exec', '-i', 'box', 'sh'], { ...clientOf(engine), input: make });
  const out: Record<string, unknown> = {};
  for (const [i, row] of rows.entries()) {
    const directory = join(home, engine.name, where, String(i));
    mkdirSync(directory, { recursive: true });
    localFixture(directory);
    const args = ['cp', ...row.replaceAll('AT', `/${where}/${i}`).split(' ')];
    const { code, stdout, stderr } = await engine.cli(args, { ...clientOf(engine), cwd: directory });
    out[row] = { code, stdout, stderr: plain(stderr, directory), local: listing(directory) };
  }
  const tree = await engine.ok(
    ['exec', 'box', 'sh', '-c', `cd /${where}; find . -printf '%p %M %U:%G %l\\n' -type f -printf '%s %TY\\n' | sort`],
    clientOf(engine),
  );
  return { ...out, tree: tree.split('\n') };
}

describe('cp', { skip }, () => {
  for (const [name, rows] of Object.entries({ to: TO_CONTAINER, from: FROM_CONTAINER })) {
    test(`${name} a container: ${rows.length} kinds of source and destination`, { timeout: 120_000 }, async () => {
      const [mine, theirs] = await Promise.all([ours, dockers].map((engine) => copies(engine, rows, name)));
      assert.deepEqual(mine, theirs);
    });
  }

  test('archives go through stdin and stdout', async () => {
    const tar = execFileSync('tar', ['-cf', '-', '-C', home, '--transform=s,^,in/,', '.'], { maxBuffer: 1 << 28 });
    await ours.ok(['exec', 'box', 'mkdir', '/stdin']);
    await ours.ok(['cp', '-', 'box:/stdin'], { input: tar });
    const back = await runProgram(
      'sh',
      ['-c', `"${join(import.meta.dirname, '../../bin/tsdocker')}" cp box:/stdin/in/. - | tar -tf - | wc -l`],
      {
        env: { DOCKER_HOST: ours.host },
      },
    );
    assert.equal(Number(back.stdout), Number(execFileSync('sh', ['-c', `find '${home}' | wc -l`])));
  });

  test('a stopped container is copied from and to, volumes and all', async () => {
    await ours.ok(['volume', 'create', 'cpdata']);
    await ours.ok([
      'run',
      '--network',
      'none',
      '--name',
      'ended',
      '-v',
      'cpdata:/data',
      'base:test',
      'sh',
      '-c',
      'echo in >/data/in; ln -s /data /link',
    ]);
    writeFileSync(join(home, 'new'), 'new');
    await ours.ok(['cp', join(home, 'new'), 'ended:/data/new']);
    await ours.ok(['cp', join(home, 'new'), 'ended:/link/through']);
    await ours.ok(['cp', 'ended:/data/in', join(home, 'got')]);
    assert.equal(readFileSync(join(home, 'got'), 'utf8'), 'in\n');
    const seen = await ours.ok(['run', '--rm', '--network', 'none', '-v', 'cpdata:/v', 'base:test', 'ls', '/v']);
    assert.deepEqual(seen.split('\n'), ['in', 'new', 'through'], 'what was copied is in the volume, not beside it');
    await ours.ok(['create', '--network', 'none', '--name', 'fresh', 'base:test', 'cat', '/put']);
    await ours.ok(['cp', join(home, 'new'), 'fresh:/put']);
    assert.equal(await ours.ok(['start', '-a', 'fresh']), 'new');
  });

  test('what is read-only refuses, what is writable in it does not', async () => {
    await ours.ok([
      'create',
      '--network',
      'none',
      '--name',
      'ro',
      '--read-only',
      '-v',
      '/w',
      '-v',
      'cpro:/r:ro',
      'base:test',
      'true',
    ]);
    const refused = await ours.cli(['cp', join(home, 'new'), 'ro:/x']);
    assert.deepEqual(
      [refused.code, refused.stderr],
      [1, 'Error response from daemon: container rootfs is marked read-only\n'],
    );
    const volume = await ours.cli(['cp', join(home, 'new'), 'ro:/r/x']);
    assert.deepEqual(
      [volume.code, volume.stderr],
      [1, 'Error response from daemon: mounted volume is marked read-only\n'],
    );
    await ours.ok(['cp', join(home, 'new'), 'ro:/w/x']);
  });

  test('-a gives files to the user of the container', async () => {
    await ours.ok(['run', '-d', '--network', 'none', '--name', 'user', '-u', 'daemon', 'base:test', 'sleep', '1000']);
    await ours.ok(['cp', '-a', join(home, 'new'), 'user:/tmp/a']);
    assert.equal(await ours.ok(['exec', 'user', 'stat', '-c', '%u:%g', '/tmp/a']), '1:1');
  });

  test('a container that swaps directories and links while it is copied is never left', {
    timeout: 120_000,
  }, async () => {
    const outside = mkdtempSync(join(tmpdir(), 'tsd-outside-'));
    writeFileSync(join(outside, 'secret'), 'secret');
    const race = `mkdir -p /race/real; echo fake >/race/real/secret; ln -s ${outside} /race/link
      while :; do mv -T /race/real /race/x; mv -T /race/link /race/real; mv -T /race/real /race/link; mv -T /race/x /race/real; done`;
    await ours.ok(['run', '-d', '--network', 'none', '--name', 'racer', 'base:test', 'sh', '-c', race]);
    try {
      writeFileSync(join(home, 'payload'), 'payload');
      const rounds = Array.from({ length: 40 }, (_, i) => i);
      const results = await Promise.all([
        ...rounds.slice(0, 20).map((i) => ours.cli(['cp', 'racer:/race/real/secret', join(home, `stolen-${i}`)])),
        ...rounds.slice(20).map((i) => ours.cli(['cp', join(home, 'payload'), `racer:/race/real/secret${i}`])),
        ...rounds.slice(20).map(() => ours.cli(['cp', join(home, 'payload'), 'racer:/race/real/secret'])),
      ]);
      assert.ok(
        results.some((r) => r.code === 0),
        'some copies met the directory',
      );
      for (const i of rounds.slice(0, 20)) {
        const text = await Promise.resolve()
          .then(() => readFileSync(join(home, `stolen-${i}`), 'utf8'))
          .catch(() => '');
        assert.notEqual(text, 'secret');
      }
      assert.deepEqual(execFileSync('ls', [outside]).toString(), 'secret\n', 'nothing was written outside');
      assert.equal(readFileSync(join(outside, 'secret'), 'utf8'), 'secret');
    } finally {
      await ours.ok(['rm', '-f', 'racer']);
      rmSync(outside, { recursive: true, force: true });
    }
  });
});
