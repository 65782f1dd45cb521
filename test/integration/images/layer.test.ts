/** The layer unpacker against hostile and odd archives. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { native, nativeDirectory } from '../../../packages/daemon/src/runtime/native/bindings.ts';
import { tarOf } from '../../support/image-fixture.ts';
import { mutatedBytes } from '../../support/mutations.ts';
import { randomFrom } from '../../support/seeded-random.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';
const work = mkdtempSync(join(tmpdir(), 'tsd-layer-'));
after(() => rmSync(work, { recursive: true, force: true }));
let counter = 0;

function unpack(tar: Buffer): { answer: string; root: string; status: number | null } {
  const root = join(work, `root${counter++}`, 'inside');
  mkdirSync(root, { recursive: true });
  const { output, status } = spawnSync(join(nativeDirectory(), 'tsd-shim'), ['layer', 'unpack', `root=${root}`], {
    input: tar,
    maxBuffer: 1 << 20,
    stdio: ['pipe', 'ignore', 'ignore', 'pipe'],
  });
  return { answer: (output[3] as unknown as Buffer).toString('latin1'), root, status };
}

const outside = (root: string) => readdirSync(join(root, '..'));

/** A header with one field overwritten and the checksum made right again. */
function patched(tar: Buffer, offset: number, bytes: string | Buffer): Buffer {
  const copy = Buffer.from(tar);
  Buffer.from(bytes as string).copy(copy, offset);
  copy.write('        ', 148);
  const sum = copy.subarray(0, 512).reduce((a, b) => a + b, 0);
  copy.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return copy;
}

test('a layer becomes what overlayfs wants: whiteouts, opaque directories, modes, owners, times', {
  skip,
}, async () => {
  const { answer, root } = unpack(
    await tarOf([
      { name: './', mode: 0o711 },
      { name: 'd/', mode: 0o2750, uid: 7, gid: 8, mtime: new Date(1e12) },
      { name: 'd/.wh..wh..opq' },
      {
        name: 'd/f',
        mode: 0o4755,
        uid: 1,
        gid: 2,
        content: 'body',
        pax: { mtime: '1000000000.123456789', 'SCHILY.xattr.user.k': 'v' },
      },
      { name: 'd/.wh.gone' },
      { name: 'd/.wh..wh.plnk', content: 'old bookkeeping' },
      { name: 'link', type: 'symlink', linkname: '/etc/passwd' },
      { name: 'hard', type: 'link', linkname: 'd/f' },
      { name: 'fifo', type: 'fifo' },
      { name: 'null', type: 'character-device', devmajor: 1, devminor: 3 },
      { name: `${'long/'.repeat(60)}name`, content: 'x' },
    ]),
  );
  assert.match(answer, /^ok root=1 entries=11\n$/);
  const st = (p: string) => lstatSync(join(root, p));
  assert.equal(st('.').mode & 0o7777, 0o711);
  assert.deepEqual([st('d').mode & 0o7777, st('d').uid, st('d').gid, st('d').mtimeMs], [0o2750, 7, 8, 1e12]);
  assert.deepEqual([st('d/f').mode & 0o7777, st('d/f').uid, st('d/f').gid, st('d/f').nlink], [0o4755, 1, 2, 2]);
  assert.equal(lstatSync(join(root, 'd/f'), { bigint: true }).mtimeNs, 1000000000123456789n);
  assert.ok(st('d/gone').isCharacterDevice() && st('d/gone').rdev === 0);
  assert.ok(!existsSync(join(root, 'd/.wh..wh.plnk')));
  assert.equal(readlinkSync(join(root, 'link')), '/etc/passwd');
  assert.ok(st('fifo').isFIFO());
  assert.equal(st('null').rdev, 0x103);
  assert.equal((await native.getXattr(join(root, 'd'), 'trusted.overlay.opaque'))?.toString(), 'y');
  assert.equal((await native.getXattr(join(root, 'd/f'), 'user.k'))?.toString(), 'v');
  assert.equal(readFileSync(join(root, `${'long/'.repeat(60)}name`), 'utf8'), 'x');
});

test('entries of the same layer win over its whiteouts in any order', { skip }, async () => {
  const { answer, root } = unpack(
    await tarOf([
      { name: 'a', content: '1' },
      { name: '.wh.a' },
      { name: '.wh.b' },
      { name: 'b', content: '2' },
      { name: '.wh.c' },
      { name: 'c/' },
    ]),
  );
  assert.match(answer, /^ok/);
  assert.equal(readFileSync(join(root, 'a'), 'utf8'), '1');
  assert.equal(readFileSync(join(root, 'b'), 'utf8'), '2');
  assert.equal((await native.getXattr(join(root, 'c'), 'trusted.overlay.opaque'))?.toString(), 'y');
});

test('a later entry replaces an earlier one, trees included', { skip }, async () => {
  const { answer, root } = unpack(
    await tarOf([
      { name: 'x/' },
      { name: 'x/y', content: 'old' },
      { name: 'x', content: 'file' },
      { name: 'l', type: 'symlink', linkname: 'x' },
      { name: 'l', content: 'now a file' },
    ]),
  );
  assert.match(answer, /^ok/);
  assert.equal(readFileSync(join(root, 'x'), 'utf8'), 'file');
  assert.equal(readFileSync(join(root, 'l'), 'utf8'), 'now a file');
});

test('nothing is ever written outside of the layer', { skip }, async () => {
  const refused: [Parameters<typeof tarOf>[0], RegExp][] = [
    [[{ name: '../escape', content: 'x' }], /"\.\.\/escape" is outside of the layer/],
    [[{ name: 'a/../../escape', content: 'x' }], /is outside of the layer/],
    [[{ name: 'h', type: 'link', linkname: '../../escape' }], /invalid hardlink "h" -> "\.\.\/\.\.\/escape"/],
    [[{ name: 'h', type: 'link', linkname: '/etc/passwd' }], /link to \/etc\/passwd: No such file/],
    [[{ name: '.wh...' }], /whiteout .*Invalid argument/],
  ];
  for (const [entries, message] of refused) {
    const { answer, root, status } = unpack(await tarOf(entries));
    assert.match(answer, /^error /);
    assert.match(answer, message);
    assert.equal(status, 1);
    assert.deepEqual(outside(root), ['inside']);
  }
  const inside = unpack(
    await tarOf([
      { name: '/abs', content: 'x' },
      { name: 'up', type: 'symlink', linkname: '../../../..' },
      { name: 'up/escape', content: 'x' },
      { name: 'root', type: 'symlink', linkname: '/' },
      { name: 'root/escape2', content: 'x' },
      { name: 'hard', type: 'link', linkname: 'up/escape' },
    ]),
  );
  assert.match(inside.answer, /^ok/);
  assert.deepEqual(outside(inside.root), ['inside']);
  assert.ok(
    existsSync(join(inside.root, 'abs')) &&
      existsSync(join(inside.root, 'escape')) &&
      existsSync(join(inside.root, 'escape2')),
  );
});

test('symlink loops and attributes of the overlay itself do nothing', { skip }, async () => {
  const loop = unpack(
    await tarOf([
      { name: 'a', type: 'symlink', linkname: 'b' },
      { name: 'b', type: 'symlink', linkname: 'a' },
      { name: 'a/x', content: '1' },
    ]),
  );
  assert.match(loop.answer, /^error open directory \/a: Too many levels of symbolic links/);
  const redirect = unpack(
    await tarOf([{ name: 'd', content: '', pax: { 'SCHILY.xattr.trusted.overlay.redirect': '/secret' } }]),
  );
  assert.match(redirect.answer, /^ok/);
  assert.equal(await native.getXattr(join(redirect.root, 'd'), 'trusted.overlay.redirect'), undefined);
});

test('broken headers are errors of one printable line', { skip }, async () => {
  const good = await tarOf([{ name: 'file', content: 'x'.repeat(2000) }]);
  const rows: [string, Buffer, RegExp][] = [
    [
      'checksum',
      Buffer.concat([good.subarray(0, 148), Buffer.from('0000000'), good.subarray(155)]),
      /invalid tar header/,
    ],
    ['truncated header', good.subarray(0, 100), /unexpected EOF/],
    ['truncated content', good.subarray(0, 1000), /unexpected EOF/],
    [
      'huge size',
      patched(good, 124, Buffer.from([0x80, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])),
      /unexpected EOF/,
    ],
    ['size beyond 63 bits', patched(good, 124, Buffer.alloc(12, 0xfe)), /invalid tar header/],
    ['size no number', patched(good, 124, 'zzzzzzzzzzz\0'), /invalid tar header/],
    ['type', patched(good, 156, 'Z'), /unhandled tar header type 90/],
    ['sparse', patched(good, 156, 'S'), /invalid tar header/],
    ['long name of 2 GiB', patched(patched(good, 156, 'L'), 124, '20000000000\0'), /header field too long/],
    ['pax garbage', patched(good, 156, 'x'), /invalid tar header/],
    ['not a tar', Buffer.alloc(5000, 0x41), /invalid tar header/],
    ['control characters', patched(patched(good, 0, '../\x1b[2J\n"'), 156, '0'), /"\.\.\/\\x1b\[2J\\x0a\\x22/],
  ];
  for (const [name, tar, message] of rows) {
    const { answer, status } = unpack(tar);
    assert.match(answer, /^error [\x20-\x7e]+\n$/, name);
    assert.match(answer, message, name);
    assert.equal(status, 1, name);
  }
});

test('random damage never crashes the unpacker', { skip }, async () => {
  const good = await tarOf([
    { name: 'a/' },
    { name: 'a/b', content: 'x'.repeat(700), pax: { comment: 'hello' } },
    { name: 'l', type: 'symlink', linkname: 'a' },
  ]);
  let seed = 12345;
  const random = (n: number) => {
    seed = (seed * 1103515245 + 12345) & 0x7fffffff;
    return seed % n;
  };
  for (let i = 0; i < 60; i++) {
    const tar = Buffer.from(good);
    for (let j = 0; j < 1 + random(8); j++) tar[random(tar.length)] = random(256);
    // Half of them with a right checksum, so that more than the checksum is tried.
    const { answer, status, root } = unpack(i % 2 ? patched(tar, 0, tar.subarray(0, 1)) : tar);
    assert.match(answer, /^(ok|error) [\x20-\x7e]+\n$/, `seed ${i}`);
    assert.ok(status === 0 || status === 1, `status ${status}`);
    assert.deepEqual(outside(root), ['inside']);
  }
});

/** Some data, a hole, more data, a hole at the end: in pieces enough for extension blocks and a list of several blocks. */
function sparseTree(): string {
  const tree = mkdtempSync(join(work, 'sparse-'));
  const file = openSync(join(tree, `${'long-name-'.repeat(12)}pieces`), 'w');
  for (let i = 0; i < 200; i++) writeSync(file, `piece ${i}`, i * 65_536);
  ftruncateSync(file, 20 << 20);
  closeSync(file);
  const hole = openSync(join(tree, 'hole'), 'w');
  ftruncateSync(hole, 3 << 20);
  closeSync(hole);
  writeFileSync(join(tree, 'after'), 'what follows is where it belongs');
  return tree;
}

test('sparse files of every GNU format come out with their content and their holes', { skip }, () => {
  const tree = sparseTree();
  const formats = [['gnu'], ['pax', '0.0'], ['pax', '0.1'], ['pax', '1.0']];
  for (const [format, version] of formats) {
    const args = [`--format=${format}`, '--sparse', ...(version ? [`--sparse-version=${version}`] : [])];
    const tar = execFileSync('tar', [...args, '-C', tree, '-cf', '-', '.'], { maxBuffer: 64 << 20 });
    assert.ok(tar.length < 4 << 20, `${format} ${version} is not sparse`);
    const { answer, root } = unpack(tar);
    assert.match(answer, /^ok /, `${format} ${version}`);
    execFileSync('diff', ['-r', tree, root]);
    for (const name of readdirSync(tree)) {
      const [was, is] = [lstatSync(join(tree, name)), lstatSync(join(root, name))];
      assert.equal(is.size, was.size);
      assert.equal(Math.trunc(is.mtimeMs / 1000), Math.trunc(was.mtimeMs / 1000));
      assert.ok(is.blocks <= was.blocks + 64, `${format} ${version}: ${name} takes ${is.blocks} blocks`);
    }
  }
});

test('sparse lists that lie are refused', { skip }, () => {
  const tree = sparseTree();
  const archive = (args: string[]) =>
    execFileSync('tar', [...args, '--sparse', '-C', tree, '-cf', '-', 'hole'], { maxBuffer: 64 << 20 });
  const old = archive(['--format=gnu']);
  const rows: [string, Buffer][] = [
    ['a piece behind the end', patched(old, 386, '00077777777\0'.padStart(12, '0'))],
    ['a piece that is not in the archive', patched(old, 398, '00000001000\0')],
    ['a negative size', patched(old, 483, Buffer.from([0xff, ...Array(11).fill(0xff)]))],
    ['an extension that never comes', patched(old, 482, '\x01').subarray(0, 512)],
  ];
  const pax = archive(['--format=pax', '--sparse-version=1.0']);
  const text = pax.toString('latin1');
  rows.push([
    'a list without an end',
    Buffer.from(text.replace('\n1\n', '\n1x').replace(/\0{3}1\n/, '\0\0\x009\n'), 'latin1'),
  ]);
  rows.push(['a format of tomorrow', Buffer.from(text.replace('GNU.sparse.major=1', 'GNU.sparse.major=7'), 'latin1')]);
  for (const [name, tar] of rows) assert.match(unpack(tar).answer, /^error .*(invalid tar header|EOF)/, name);
});

test('damage in sparse files never crashes the unpacker either', { skip }, () => {
  const tree = mkdtempSync(join(work, 'holes-'));
  const file = openSync(join(tree, 'f'), 'w');
  for (let i = 0; i < 30; i++) writeSync(file, 'x', i * 40_000);
  closeSync(file);
  const archives = [['gnu'], ['pax', '0.0'], ['pax', '0.1'], ['pax', '1.0']].map(([format, version]) =>
    execFileSync('tar', [
      `--format=${format}`,
      '--sparse',
      ...(version ? [`--sparse-version=${version}`] : []),
      ...['-C', tree, '-cf', '-', 'f'],
    ]),
  );
  const random = randomFrom(7);
  for (let i = 0; i < 80; i++) {
    const good = archives[i % archives.length] as Buffer;
    const tar = mutatedBytes(good.subarray(0, 4096), random);
    const { answer, status, root } = unpack(
      i % 2 && tar.length >= 512
        ? patched(tar, 0, tar.subarray(0, 1))
        : Buffer.concat([tar, good.subarray(tar.length)]),
    );
    assert.match(answer, /^(ok|error) [\x20-\x7e]+\n$/, `round ${i}`);
    assert.ok(status === 0 || status === 1, `round ${i}: status ${status}`);
    assert.deepEqual(outside(root), ['inside']);
  }
});

test('the same tree comes out as GNU tar makes it', { skip }, async () => {
  const source = join(work, 'source');
  mkdirSync(join(source, 'deep/er'), { recursive: true });
  writeFileSync(join(source, 'deep/er/file'), Buffer.alloc(300_000, 7));
  execFileSync('cp', ['-a', '/etc/alternatives', '/usr/share/zoneinfo', source]);
  for (const format of ['gnu', 'pax', 'ustar']) {
    const tar = execFileSync('tar', ['-C', source, `--format=${format}`, '-cf', '-', '.'], { maxBuffer: 1 << 28 });
    const { answer, root } = unpack(tar);
    assert.match(answer, /^ok root=1/);
    const listing = (dir: string) =>
      execFileSync('find', [dir, '-printf', '%P %y %m %U %G %s %Ts %l %n\\n'], { encoding: 'utf8', maxBuffer: 1 << 28 })
        .split('\n')
        .filter((l) => !/ d /.test(l))
        .sort();
    assert.deepEqual(listing(root), listing(source), format);
  }
});

test('trees of any depth and any names are removed', { skip }, async () => {
  const top = join(work, 'deep-tree');
  mkdirSync(top);
  execFileSync('perl', [
    '-e',
    'chdir shift; for (1..3000) { mkdir "d"; open(F, ">\\xff\\xfe"); chdir "d" or die; }',
    top,
  ]);
  await native.removeTree(top);
  assert.ok(!existsSync(top));
  await native.removeTree(top);
});
