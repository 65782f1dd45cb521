/** Names, deletion rules, root file systems, and what a crash leaves. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { chunksOf, type FixtureImage, imageOf, savedArchive } from '../../support/image-fixture.ts';
import { type ImageBench, imageBench } from '../../support/image-service.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';
/** mount(8) has one page for all options; fsconfig(2) takes any number of lower directories. Numbers hold on every architecture. */
const MOUNT_OVERLAY = `
  my ($target, $upper, $work, @lowers) = @ARGV;
  my ($type, $empty) = ("overlay", "");
  our $fs = syscall(430, $type, 0);
  sub set { my ($k, $v) = @_; syscall(431, $fs, 1, $k, $v, 0) == 0 or die "$k $v: $!" }
  set("lowerdir+", $_) for @lowers;
  set("upperdir", $upper); set("workdir", $work);
  syscall(431, $fs, 6, 0, 0, 0) == 0 or die "create: $!";
  my $m = syscall(432, $fs, 0, 0);
  syscall(429, $m, $empty, -100, $target, 4) == 0 or die "move: $!";
`;
const KEEP = { force: false, noPrune: false };
const FORCE = { force: true, noPrune: false };

async function withImage(
  names: string[],
  run: (bench: ImageBench, image: FixtureImage) => Promise<void>,
): Promise<void> {
  const bench = await imageBench();
  try {
    const image = await imageOf([
      [
        { name: 'etc/', mode: 0o750, uid: 9 },
        { name: 'etc/hosts', content: 'image' },
      ],
      [{ name: 'b', content: 'xy' }],
    ]);
    await bench.service.load(chunksOf(await savedArchive(image, names)), { quiet: true, progress: () => {} });
    await run(bench, image);
  } finally {
    await bench.close();
  }
}

test('an image is found by name, id and prefix, and otherwise named in the error', { skip }, async () => {
  await withImage(['app:1'], async ({ service }, image) => {
    for (const ref of [
      'app:1',
      'docker.io/library/app:1',
      image.id,
      image.id.slice(7),
      image.id.slice(7, 19),
      image.id.slice(0, 12),
    ]) {
      assert.equal((await service.resolve(ref)).id, image.id, ref);
    }
    for (const [ref, message] of [
      ['app', 'No such image: app:latest'],
      ['app:2', 'No such image: app:2'],
      ['f'.repeat(64), `No such image: sha256:${'f'.repeat(64)}`],
    ]) {
      await assert.rejects(service.resolve(ref as string), { code: 'NotFound', message });
    }
  });
});

test('tags follow the rules, and the last one takes the image along', { skip }, async () => {
  await withImage(['app:1'], async (bench, image) => {
    const { service } = bench;
    await service.tag('app:1', 'host:5000/other', 'x');
    await service.tag('app:1', 'plain', undefined);
    await assert.rejects(service.tag('app:1', 'sha256', 'x'), {
      message: 'refusing to create an ambiguous tag using digest algorithm as name',
    });
    await assert.rejects(service.tag('app:1', `x@sha256:${'a'.repeat(64)}`, undefined), {
      message: 'refusing to create a tag with a digest reference',
    });
    await assert.rejects(service.tag('app:1', 'x', 'bad tag'), { message: 'invalid tag format' });
    assert.deepEqual((await service.inspect('app:1')).RepoTags, ['app:1', 'plain:latest', 'host:5000/other:x']);
    await assert.rejects(service.remove(image.id, KEEP), {
      code: 'Conflict',
      message: `conflict: unable to delete ${image.id.slice(7, 19)} (must be forced) - image is referenced in multiple repositories`,
    });
    assert.deepEqual(await service.remove('app:1', KEEP), [{ Untagged: 'app:1' }]);
    assert.deepEqual(await service.remove('host:5000/other:x', KEEP), [{ Untagged: 'host:5000/other:x' }]);
    const [untagged, deleted, ...layers] = await service.remove('plain', KEEP);
    assert.deepEqual([untagged, deleted], [{ Untagged: 'plain:latest' }, { Deleted: image.id }]);
    assert.equal(layers.length, 2);
    assert.equal(service.count(), 0);
    assert.deepEqual(await readdir(join(bench.dataRoot, 'content/blobs/sha256')), []);
  });
});

test('images containers use are kept in the words of Docker', { skip }, async () => {
  await withImage(['app:1', 'two:2'], async ({ service, containers }, image) => {
    const [id, short] = ['d'.repeat(64), image.id.slice(7, 19)];
    containers.push({ id, imageId: image.id, running: true });
    assert.deepEqual(await service.remove('two:2', KEEP), [{ Untagged: 'two:2' }]);
    await assert.rejects(service.remove('app:1', KEEP), {
      code: 'Conflict',
      message: `conflict: unable to remove repository reference "app:1" (must force) - container ${'d'.repeat(12)} is using its referenced image ${short}`,
    });
    await assert.rejects(service.remove(short, FORCE), {
      message: `conflict: unable to delete ${short} (cannot be forced) - image is being used by running container ${'d'.repeat(12)}`,
    });
    containers[0]!.running = false;
    await assert.rejects(service.remove(short, KEEP), {
      message: `conflict: unable to delete ${short} (must be forced) - image is being used by stopped container ${'d'.repeat(12)}`,
    });
    assert.deepEqual((await service.prune({ filters: { dangling: ['false'] } })).deleted, []);
    const removed = await service.remove(short, FORCE);
    assert.deepEqual(removed.slice(0, 2), [{ Untagged: 'app:1' }, { Deleted: image.id }]);
  });
});

test('list and prune filter as Docker does', { skip }, async () => {
  await withImage(['app:1', 'x/y:2'], async ({ service }, image) => {
    const ids = async (filters: Record<string, string[]>) =>
      (await service.list({ all: false, filters })).map((s) => s.Id);
    const rows: [Record<string, string[]>, boolean][] = [
      [{}, true],
      [{ dangling: ['true'] }, false],
      [{ dangling: ['false'] }, true],
      [{ label: ['a'] }, true],
      [{ label: ['a=b', 'c'] }, false],
      [{ reference: ['app'] }, true],
      [{ reference: ['*/y'] }, true],
      [{ reference: ['z*'] }, false],
      [{ before: ['app:1'] }, false],
      [{ since: ['app:1'] }, false],
      [{ until: ['24h'] }, true],
      [{ until: ['2020-01-01'] }, false],
    ];
    for (const [filters, shown] of rows)
      assert.equal((await ids(filters)).length, shown ? 1 : 0, JSON.stringify(filters));
    for (const [filters, message] of [
      [{ nope: ['x'] }, "invalid filter 'nope'"],
      [{ dangling: ['maybe'] }, "invalid filter 'dangling=[maybe]'"],
      [{ until: ['soon'] }, 'failed to parse value as time or duration: "soon"'],
    ] as const) {
      await assert.rejects(ids(filters as unknown as Record<string, string[]>), { code: 'InvalidParameter', message });
    }
    const [summary] = await service.list({ all: false, filters: { reference: ['app'] }, sharedSize: true });
    assert.deepEqual([summary?.RepoTags, summary?.Size, summary?.SharedSize], [['app:1'], 7, 0]);
    assert.deepEqual(await service.prune({ filters: {} }), { deleted: [], reclaimedBytes: 0 });
    const pruned = await service.prune({ filters: { dangling: ['0'], label: ['a=b'] } });
    assert.equal(pruned.reclaimedBytes, 7);
    assert.ok(pruned.deleted.some((d) => d.Deleted === image.id));
  });
});

test('a root file system has the mount points beforehand and outlives its image', { skip }, async () => {
  await withImage(['app:1'], async (bench, image) => {
    const id = 'e'.repeat(64);
    const rootfs = await bench.service.prepareRootfs(id, image.id, { volatile: false });
    const mount = await mkdtemp(join(tmpdir(), 'tsd-mount-'));
    try {
      const options = `lowerdir=${rootfs.lowers.join(':')},upperdir=${rootfs.upper},workdir=${rootfs.work}`;
      execFileSync('mount', ['-t', 'overlay', 'overlay', '-o', options, mount]);
      try {
        const found = execFileSync('find', [mount, '-printf', '%P %y %m %U %s %l\\n'], { encoding: 'utf8' }).split(
          '\n',
        );
        for (const line of [
          'etc d 750 9',
          'etc/hosts f 755 0 0',
          'etc/mtab l 777 0 12 /proc/mounts',
          'dev/console f 755 0 0',
          'dev/pts d 755 0',
          'dev/shm d 755 0',
          'proc d 755 0',
          'sys d 755 0',
          '.dockerenv f 755 0 0',
          'b f 644 0 2',
        ]) {
          assert.ok(
            found.some((f) => f.startsWith(line)),
            `${line} in ${found.join('\n')}`,
          );
        }
        await writeFile(join(mount, 'new'), 'abc');
      } finally {
        execFileSync('umount', [mount]);
      }
    } finally {
      await rm(mount, { recursive: true });
    }
    assert.deepEqual(await bench.service.rootfsUsage(id), { rwBytes: 3, totalBytes: 10 });
    const removed = await bench.service.remove('app:1', FORCE);
    assert.equal(removed.length, 2);
    await bench.reopen();
    assert.deepEqual(await bench.service.rootfsOf(id), rootfs);
    assert.ok(rootfs.lowers.every((l) => existsSync(l)));
    await bench.service.removeRootfs(id);
    await bench.service.close();
    await assert.rejects(bench.service.rootfsOf(id), { code: 'NotFound' });
    assert.deepEqual((await readdir(join(bench.dataRoot, 'overlay2'))).sort(), ['l', 'trash']);
    assert.deepEqual(await readdir(join(bench.dataRoot, 'overlay2/l')), []);
  });
});

test('200 layers unpack and mount', { skip }, async () => {
  const bench = await imageBench();
  try {
    const image = await imageOf(Array.from({ length: 200 }, (_, i) => [{ name: `f${i}`, content: String(i) }]));
    await bench.service.load(chunksOf(await savedArchive(image, ['many:1'])), { quiet: true, progress: () => {} });
    const rootfs = await bench.service.prepareRootfs('a'.repeat(64), image.id, { volatile: true });
    assert.equal(rootfs.lowers.length, 201);
    const mount = join(bench.dataRoot, 'mount');
    await mkdir(mount);
    execFileSync('perl', ['-e', MOUNT_OVERLAY, mount, rootfs.upper, rootfs.work, ...rootfs.lowers]);
    try {
      const names = await readdir(mount);
      for (let i = 0; i < 200; i++) assert.ok(names.includes(`f${i}`), `f${i}`);
    } finally {
      execFileSync('umount', [mount]);
    }
    assert.equal((await bench.service.history('many:1')).length, 200);
  } finally {
    await bench.close();
  }
});

test('what a crash leaves is removed at the next start', { skip }, async () => {
  await withImage(['app:1'], async (bench, image) => {
    const at = (path: string) => join(bench.dataRoot, path);
    await mkdir(at('overlay2/tmp-1/diff/x'), { recursive: true });
    await mkdir(at(`overlay2/${'1'.repeat(64)}/diff`), { recursive: true });
    await mkdir(at('overlay2/trash/old/tree'), { recursive: true });
    await writeFile(at('content/ingest/half'), 'x');
    await writeFile(at(`content/blobs/sha256/${'2'.repeat(64)}`), 'x');
    await writeFile(at('image/store.json.tmp'), '{"half');
    await bench.service.prepareRootfs('3'.repeat(64), image.id, { volatile: false });
    await bench.service.prepareRootfs('4'.repeat(64), image.id, { volatile: false });
    await bench.reopen();
    await bench.service.keepRootfs(new Set(['4'.repeat(64)]));
    await bench.service.close();
    const names = await readdir(at('overlay2'));
    assert.deepEqual(
      names.filter((n) => /^(tmp-|1{64}|3{64})/.test(n)),
      [],
    );
    assert.ok(names.includes('4'.repeat(64)));
    assert.deepEqual(await readdir(at('overlay2/trash')), []);
    assert.deepEqual(await readdir(at('content/ingest')), []);
    assert.ok(!existsSync(at(`content/blobs/sha256/${'2'.repeat(64)}`)));
    assert.equal((await bench.service.inspect('app:1')).Id, image.id);
  });
});

test('a store that cannot be read stops the start instead of deleting every image', { skip }, async () => {
  await withImage(['app:1'], async (bench) => {
    await writeFile(join(bench.dataRoot, 'image/store.json'), '{"version":');
    await assert.rejects(bench.reopen(), SyntaxError);
    assert.ok((await readdir(join(bench.dataRoot, 'content/blobs/sha256'))).length > 0);
  });
});
