/** Loading and importing archives, good, odd and hostile. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { plainStream } from '../../../packages/daemon/src/content/decompress.ts';
import { checkStore } from '../../../packages/daemon/src/images/check.ts';
import { unpackSink } from '../../../packages/daemon/src/images/unpack-sink.ts';
import type { ProgressMessage } from '../../../packages/shared/src/types/image.ts';
import {
  chunksOf,
  type FixtureImage,
  imageOf,
  layoutArchive,
  savedArchive,
  sha256,
  tarOf,
} from '../../support/image-fixture.ts';
import { type ImageBench, imageBench } from '../../support/image-service.ts';
import { mutatedBytes } from '../../support/mutations.ts';
import { missing } from '../../support/program.ts';
import { randomFrom } from '../../support/seeded-random.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';

async function withBench(run: (bench: ImageBench) => Promise<void>): Promise<void> {
  const bench = await imageBench();
  try {
    await run(bench);
  } finally {
    await bench.close();
  }
}

async function load(bench: ImageBench, archive: Buffer, quiet = true): Promise<ProgressMessage[]> {
  const messages: ProgressMessage[] = [];
  await bench.service.load(chunksOf(archive), { quiet, progress: (m) => messages.push(m) });
  return messages;
}

const fixture = () => imageOf([[{ name: 'a', content: 'base' }], [{ name: 'b', content: 'top' }]]);

test('docker-save archives and OCI layouts load, plain, gzip and zstd', { skip }, async () => {
  const image = await fixture();
  const saved = await savedArchive(image, ['app:1', 'other/app:2']);
  const layout = await layoutArchive(image, { 'io.containerd.image.name': 'docker.io/library/app:1' });
  for (const archive of [saved, gzipSync(saved), zstdCompressSync(saved), layout, gzipSync(layout)]) {
    await withBench(async (bench) => {
      const messages = await load(bench, archive);
      assert.equal(messages[0]?.stream, 'Loaded image: app:1\n');
      assert.equal((await bench.service.inspect('app:1')).Id, image.id);
      assert.equal((await bench.service.inspect('app:1')).Size, 7);
      assert.ok(bench.events.some((e) => e.action === 'load' && e.id === image.id));
      // Other files of the archive are gone: configuration, manifest and the layers stay.
      assert.equal((await readdir(join(bench.dataRoot, 'content/blobs/sha256'))).length, 4);
    });
  }
});

test('a layer that two images have in different compressions goes out with each as it came', { skip }, async () => {
  const base = [{ name: 'a', content: 'base' }];
  const [one, two] = [await imageOf([base]), await imageOf([base, [{ name: 'b', content: 'top' }]])];
  const layout = (image: FixtureImage, name: string) =>
    layoutArchive(image, { 'io.containerd.image.name': `docker.io/library/${name}` });
  for (const archives of [
    [await layout(one, 'one:1'), await savedArchive(two, ['two:1'])],
    [await savedArchive(one, ['one:1']), await layout(two, 'two:1')],
  ]) {
    await withBench(async (bench) => {
      for (const archive of archives) await load(bench, archive);
      await withBench(async (other) => {
        for (const name of ['one:1', 'two:1']) {
          const chunks: Buffer[] = [];
          await bench.service.save([name], {}, async (chunk) => chunks.push(chunk) > 0);
          await load(other, Buffer.concat(chunks));
          const [was, is] = [await bench.service.inspect(name), await other.service.inspect(name)];
          assert.deepEqual([is.Id, is.Size], [was.Id, was.Size]);
        }
        assert.deepEqual((await checkStore(other.dataRoot)).damage, []);
      });
      const { damage, leftovers } = await checkStore(bench.dataRoot);
      assert.deepEqual([damage, leftovers], [[], []]);
      for (const name of ['one:1', 'two:1']) await bench.service.remove(name, { force: false, noPrune: false });
      assert.deepEqual(await readdir(join(bench.dataRoot, 'content/blobs/sha256')), []);
    });
  }
  // Known by its chain alone, a layer's content is still looked at.
  await withBench(async (bench) => {
    await load(bench, await layout(one, 'one:1'));
    await assert.rejects(load(bench, await savedArchive({ ...one, tars: [two.tars[1] as Buffer] }, ['lie:1'])), {
      message: /layer content is sha256:/,
    });
  });
});

const COMPRESSORS = ['bzip2', 'xz'] as const;

test('bzip2 and xz are undone: the archive, a layer in it, an import', {
  skip: skip || missing({ programs: [...COMPRESSORS] }),
}, async () => {
  const image = await fixture();
  for (const program of COMPRESSORS) {
    const pressed = (bytes: Buffer) => execFileSync(program, ['-c'], { input: bytes });
    const layers = { ...image, tars: image.tars.map(pressed) };
    await withBench(async (bench) => {
      const [first] = await load(bench, pressed(await savedArchive(image, ['app:1'])));
      assert.equal(first?.stream, 'Loaded image: app:1\n');
      await bench.service.remove('app:1', { force: false, noPrune: false });
      await load(bench, await savedArchive(layers, ['app:2']));
      assert.equal((await bench.service.inspect('app:2')).Id, image.id);
      const chunks = chunksOf(pressed(image.tars[0] as Buffer));
      const id = await bench.service.import(chunks, { ref: 'imported:1', changes: [], progress: () => {} });
      const [diffId] = (await bench.service.inspect(id)).RootFS?.Layers ?? [];
      assert.equal(diffId, sha256(image.tars[0] as Buffer));
      // Kept plain: a registry has no name for the rest.
      const kept = await readFile(join(bench.dataRoot, 'content/blobs/sha256', (diffId as string).slice(7)));
      assert.deepEqual(kept, image.tars[0]);
    });
  }
});

test('a stream that inflates without end is cut off', async () => {
  const zeros = zstdCompressSync(Buffer.alloc(4 << 20));
  const limit = { freeBytes: 1 << 20, ratio: 50 };
  const read = async (bytes: Buffer) => {
    let size = 0;
    for await (const chunk of plainStream(chunksOf(bytes), limit)) size += chunk.length;
    return size;
  };
  await assert.rejects(read(zeros), { code: 'InvalidParameter', message: /^decompression bomb: \d+ compressed bytes/ });
  assert.equal(await read(gzipSync(Buffer.alloc(1 << 20))), 1 << 20);
  const noise = randomBytes(4 << 20);
  assert.equal(await read(gzipSync(noise)), noise.length);
  const sink = unpackSink({ write: async () => {} }, limit);
  await assert.rejects(
    sink.write(zeros).then(() => sink.end()),
    { message: /^decompression bomb/ },
  );
  await sink.destroy();
});

test('a name that moves is told, and an image without a name is told by id', { skip }, async () => {
  const [one, two] = [await fixture(), await imageOf([[{ name: 'c', content: 'x' }]])];
  await withBench(async (bench) => {
    await load(bench, await savedArchive(one, ['app:1']));
    const messages = await load(bench, await savedArchive(two, ['app:1']), false);
    const streams = messages.map((m) => m.stream).filter(Boolean);
    assert.deepEqual(streams, [
      `The image app:1 already exists, renaming the old one with ID ${one.id} to empty string\n`,
      'Loaded image: app:1\n',
    ]);
    const layer = sha256(two.tars[0] as Buffer).slice(7, 19);
    assert.ok(messages.some((m) => m.status === 'Loading layer' && m.id === layer));
    assert.deepEqual(
      (await load(bench, await savedArchive(one, null))).map((m) => m.stream),
      [`Loaded image ID: ${one.id}\n`],
    );
  });
});

test('archives that lie or are none are refused and leave nothing', { skip }, async () => {
  const image = await fixture();
  const config = `${image.id.slice(7)}.json`;
  const manifest = (entry: unknown) => ({ name: 'manifest.json', content: JSON.stringify(entry) });
  const layers = [
    { name: 'l0', content: image.tars[0] as Buffer },
    { name: 'l1', content: image.tars[1] as Buffer },
  ];
  const withConfig = { name: config, content: image.config };
  const blob = (digest: string) => `blobs/${digest.replace(':', '/')}`;
  const index = JSON.stringify({
    schemaVersion: 2,
    manifests: [
      {
        mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
        digest: image.digest,
        size: image.manifest.length,
      },
    ],
  });
  const saved = await savedArchive(image, ['x:1']);
  const rows: [string, Buffer, RegExp][] = [
    ['no archive', Buffer.from('hello'.repeat(500)), /invalid archive/],
    ['empty', Buffer.alloc(0), /does not contain a manifest\.json/],
    ['nothing in it', await tarOf([{ name: 'x', content: 'y' }]), /does not contain a manifest\.json/],
    ['truncated', saved.subarray(0, saved.length - 2000), /invalid archive/],
    ['broken gzip', gzipSync(saved).subarray(0, 300), /invalid archive/],
    ['broken bzip2', Buffer.from('BZh91AY&SY0000'), /bzip2/],
    ['broken xz', Buffer.from('\xfd7zXZ\0nonsense', 'latin1'), /xz/],
    ['manifest no list', await tarOf([manifest({})]), /manifest\.json is not a list/],
    ['manifest of nonsense', await tarOf([manifest([{ Config: 7, Layers: [] }])]), /bad entry in manifest\.json/],
    ['missing config', await tarOf([manifest([{ Config: config, Layers: [] }])]), /is missing/],
    [
      'missing layer',
      await tarOf([withConfig, manifest([{ Config: config, Layers: ['l0', 'l1'] }])]),
      /"l0" is missing/,
    ],
    [
      'wrong count',
      await tarOf([...layers, withConfig, manifest([{ Config: config, Layers: ['l0'] }])]),
      /layers length mismatch: expected 1, got 2/,
    ],
    [
      'layers swapped',
      await tarOf([...layers, withConfig, manifest([{ Config: config, Layers: ['l1', 'l0'] }])]),
      /failed to register layer: layer content is/,
    ],
    [
      'climbing name',
      await tarOf([...layers, withConfig, manifest([{ Config: `../${config}`, Layers: [] }])]),
      /is outside of it/,
    ],
    ['climbing entry', await tarOf([{ name: '../../etc/x', content: 'y' }]), /is outside of it/],
    [
      'link loop',
      await tarOf([{ name: 'manifest.json', type: 'symlink', linkname: 'manifest.json' }]),
      /does not contain a manifest\.json/,
    ],
    ['bad tag', await savedArchive(image, ['Bad:1']), /must be lowercase/],
    [
      'blob that is another',
      await tarOf([
        { name: 'index.json', content: index },
        { name: blob(image.digest), content: image.config },
      ]),
      /blob sha256:[a-f0-9]+ has digest sha256:/,
    ],
  ];
  await withBench(async (bench) => {
    for (const [name, archive, message] of rows) await assert.rejects(load(bench, archive), { message }, name);
    assert.equal(bench.service.count(), 0);
    assert.deepEqual(await readdir(join(bench.dataRoot, 'content/blobs/sha256')), []);
    assert.deepEqual(await readdir(join(bench.dataRoot, 'content/ingest')), []);
    await bench.service.close();
    assert.deepEqual((await readdir(join(bench.dataRoot, 'overlay2'))).sort(), ['l', 'trash']);
  });
});

test('an import makes one layer, applies changes and is named', { skip }, async () => {
  const tar = await tarOf([
    { name: './', mode: 0o700 },
    { name: 'f', content: 'hello' },
  ]);
  for (const archive of [
    tar,
    gzipSync(tar),
    zstdCompressSync(tar),
    Buffer.concat([gzipSync(tar.subarray(0, 512)), gzipSync(tar.subarray(512))]),
  ]) {
    await withBench(async (bench) => {
      const said: ProgressMessage[] = [];
      const id = await bench.service.import(chunksOf(archive, 100), {
        ref: 'mine',
        message: 'from a test',
        changes: ['CMD ["/f"]', 'ENV A=b'],
        progress: (m) => said.push(m),
      });
      const info = await bench.service.inspect('mine');
      assert.deepEqual(
        [info.Id, info.Comment, info.Config?.Cmd, info.Config?.Env],
        [id, 'from a test', ['/f'], ['A=b']],
      );
      assert.deepEqual(info.RootFS?.Layers, [sha256(tar)]);
      assert.deepEqual(said, [{ status: id }]);
      const rootfs = await bench.service.prepareRootfs('c'.repeat(64), id, { volatile: false });
      assert.equal((await lstat(rootfs.upper)).mode & 0o7777, 0o700);
      assert.equal(await readFile(join(rootfs.lowers.at(-1) as string, 'f'), 'utf8'), 'hello');
    });
  }
});

test('an import of nonsense is refused and leaves nothing', { skip }, async () => {
  await withBench(async (bench) => {
    const options = { changes: [], progress: () => {} };
    await assert.rejects(bench.service.import(chunksOf(Buffer.alloc(4096, 1)), options), {
      message: 'archive/tar: invalid tar header',
    });
    await assert.rejects(bench.service.import(chunksOf(Buffer.alloc(0)), { ...options, changes: ['RUN x'] }), {
      message: 'run is not a valid change command',
    });
    await assert.rejects(bench.service.import(chunksOf(await tarOf([{ name: '../x', content: '' }])), options), {
      message: /outside of the layer/,
    });
    assert.equal(bench.service.count(), 0);
    await bench.service.close();
    assert.deepEqual((await readdir(join(bench.dataRoot, 'overlay2'))).sort(), ['l', 'trash']);
    assert.deepEqual(await readdir(join(bench.dataRoot, 'content/blobs/sha256')), []);
  });
});

test('damaged archives load or are refused with a typed error, and leave nothing behind', { skip }, async () => {
  const image = await fixture();
  const layout = await layoutArchive(image, { 'io.containerd.image.name': 'docker.io/library/app:1' });
  const archives = [await savedArchive(image, ['app:1']), layout, gzipSync(layout)];
  const random = randomFrom(3);
  await withBench(async (bench) => {
    for (let round = 0; round < 90; round++) {
      const archive = mutatedBytes(archives[round % archives.length] as Buffer, random);
      await load(bench, archive).catch((err) => {
        assert.equal(err.name, 'DockerError', `round ${round}: ${err.stack}`);
      });
      for (const { Id } of await bench.service.list({ all: true, filters: {} }))
        await bench.service.remove(Id, { force: true, noPrune: false });
      assert.equal(bench.service.count(), 0, `round ${round}`);
    }
    assert.deepEqual(await readdir(join(bench.dataRoot, 'content/blobs/sha256')), []);
    assert.deepEqual(await readdir(join(bench.dataRoot, 'content/ingest')), []);
  });
});
