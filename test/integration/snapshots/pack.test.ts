import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { native } from '../../../packages/daemon/src/runtime/native/bindings.ts';
import { startUnpacker } from '../../../packages/daemon/src/snapshots/apply.ts';
import {
  listBelow,
  listChanges,
  lookUp,
  type PackOptions,
  packTree,
} from '../../../packages/daemon/src/snapshots/pack.ts';
import type { TreeView } from '../../../packages/daemon/src/snapshots/tree-helper.ts';

const home = mkdtempSync(join(tmpdir(), 'tsd-pack-'));
after(() => rmSync(home, { recursive: true, force: true }));
let count = 0;

function directory(files: Record<string, string | null> = {}): string {
  const root = join(home, String(count++));
  mkdirSync(root, { mode: 0o755 });
  for (const [name, content] of Object.entries(files)) {
    if (content === null) mkdirSync(join(root, name), { recursive: true });
    else {
      mkdirSync(join(root, name, '..'), { recursive: true });
      writeFileSync(join(root, name), content);
    }
  }
  return root;
}

async function pack(view: TreeView, opts?: PackOptions): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of packTree(view, opts)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const names = (tar: Buffer): string[] =>
  execFileSync('tar', ['-tf', '-'], { input: tar }).toString().split('\n').filter(Boolean);

async function unpackInto(view: TreeView, tar: Buffer, into: Parameters<typeof startUnpacker>[1]): Promise<void> {
  const unpacker = startUnpacker(view, into);
  await unpacker.write(tar);
  await unpacker.finish();
}

/** Everything a tree consists of, by path. */
function census(root: string, at = ''): Record<string, unknown[]> {
  const out: Record<string, unknown[]> = {};
  for (const name of readdirSync(join(root, at)).sort()) {
    const path = join(at, name);
    const st = lstatSync(join(root, path), { bigint: true });
    const content = st.isFile()
      ? readFileSync(join(root, path), 'latin1')
      : st.isSymbolicLink() && readlinkSync(join(root, path));
    out[path] = [st.mode, st.uid, st.gid, st.rdev, st.nlink, st.isDirectory() ? 0n : st.mtimeNs, content];
    if (st.isDirectory()) Object.assign(out, census(root, path));
  }
  return out;
}

function richTree(): string {
  const root = directory({ 'a/plain': 'hello', 'a/empty': '', 'b/c/d': 'x'.repeat(100_000), 'set-uid': 's' });
  const long = `${'l'.repeat(120)}/${'m'.repeat(130)}`;
  mkdirSync(join(root, long, '..'), { recursive: true });
  writeFileSync(join(root, long), 'long');
  writeFileSync(join(root, 'ünïcode \n name'), 'u');
  symlinkSync('../somewhere/else', join(root, 'a/link'));
  symlinkSync('t'.repeat(300), join(root, 'far'));
  execFileSync('ln', [join(root, 'a/plain'), join(root, 'b/hard')]);
  native.makeNode(join(root, 'null'), 0o020666, 1, 3);
  native.makeNode(join(root, 'pipe'), 0o010600, 0, 0);
  chownSync(join(root, 'set-uid'), 1234, 3_000_000_000);
  chmodSync(join(root, 'set-uid'), 0o4755);
  chmodSync(join(root, 'b'), 0o1777);
  utimesSync(join(root, 'a/plain'), 1, 1_600_000_000.123456);
  execFileSync('python3', [
    '-c',
    `import os;os.setxattr(${JSON.stringify(join(root, 'a/empty'))},'user.note',b'\\x00\\xff')`,
  ]);
  return root;
}

test('what is packed unpacks to the same tree', async () => {
  const root = richTree();
  const copy = directory();
  await unpackInto({ root: copy }, await pack({ root }), { into: '' });
  assert.deepEqual(census(copy), census(root));
  const value = execFileSync('python3', [
    '-c',
    `import os,sys;sys.stdout.buffer.write(os.getxattr(${JSON.stringify(join(copy, 'a/empty'))},'user.note'))`,
  ]);
  assert.deepEqual(value, Buffer.from([0, 0xff]));
});

test('GNU tar unpacks it to the same tree', async () => {
  const root = richTree();
  const copy = directory();
  execFileSync('tar', ['-xpf', '-', '-C', copy, '--numeric-owner'], { input: await pack({ root }) });
  assert.deepEqual(census(copy), census(root));
});

test('the same tree gives the same bytes, in whatever order it was made', async () => {
  const one = directory({ b: '1', a: '2', 'c/z': '3', 'c/y': '4' });
  const other = directory({ 'c/y': '4', 'c/z': '3', a: '2', b: '1' });
  for (const root of [one, other]) execFileSync('find', [root, '-exec', 'touch', '-hd', '@1', '{}', '+']);
  assert.deepEqual(await pack({ root: one }), await pack({ root: other }));
});

test('a path below the root is packed under the name it is given', async () => {
  const root = directory({ 'etc/a/b': '1', 'etc/c': '2' });
  assert.deepEqual(names(await pack({ root }, { path: 'etc/a', name: 'x' })), ['x/', 'x/b']);
  assert.deepEqual(names(await pack({ root }, { path: 'etc/c', name: 'y' })), ['y']);
  assert.deepEqual(names(await pack({ root }, { path: 'etc', name: '.' })), ['./', './a/', './a/b', './c']);
});

test('symlinks on the way lead nowhere but inside the root', async () => {
  const outside = directory({ secret: 'no' });
  const root = directory({ 'in/secret': 'yes' });
  symlinkSync(outside, join(root, 'absolute'));
  symlinkSync('../../../../../../in', join(root, 'climbing'));
  await assert.rejects(pack({ root }, { path: 'absolute/secret', name: 's' }), /open directory/);
  const tar = await pack({ root }, { path: 'climbing/secret', name: 's' });
  assert.ok(tar.includes('yes'));
});

test('a file that is not there is an error, not an empty archive', async () => {
  await assert.rejects(pack({ root: directory() }, { path: 'missing', name: 'm' }), {
    code: 'System',
    message: /No such file/,
  });
});

test('an upper directory is packed as a layer', async () => {
  const upper = directory({ 'kept/new': '1', 'hidden/new': '2' });
  native.makeNode(join(upper, 'gone'), 0o020000, 0, 0);
  execFileSync('python3', [
    '-c',
    `import os;os.setxattr(${JSON.stringify(join(upper, 'hidden'))},'trusted.overlay.opaque',b'y')`,
  ]);
  assert.deepEqual(names(await pack({ root: upper }, { whiteouts: true })), [
    '.wh.gone',
    'hidden/',
    'hidden/.wh..wh..opq',
    'hidden/new',
    'kept/',
    'kept/new',
  ]);
});

test('layers are seen merged, with what is bound over them', async () => {
  const low = directory({ 'a/low': '1', 'a/both': 'low', 'mnt/hidden': '' });
  const top = directory({ 'a/both': 'top', 'a/top': '2' });
  const volume = directory({ data: '3' });
  const view = { lowers: [top, low], upper: directory({ 'a/upper': '4' }), work: directory() };
  assert.deepEqual(names(await pack(view, { path: 'a', name: 'a' })), ['a/', 'a/both', 'a/low', 'a/top', 'a/upper']);
  const bound = { ...view, binds: [{ source: volume, target: '/mnt' }] };
  assert.deepEqual(names(await pack(bound, { path: 'mnt', name: 'mnt' })), ['mnt/', 'mnt/data']);
  assert.deepEqual(names(await pack({ lowers: [top, low] }, { path: 'a', name: 'a' })), [
    'a/',
    'a/both',
    'a/low',
    'a/top',
  ]);
});

test('files are put below a place of the merged tree', async () => {
  const low = directory({ 'real/old': '1' });
  symlinkSync('real', join(low, 'link'));
  const upper = directory();
  const tar = await pack({ root: directory({ 'd/.wh.name': 'kept', f: '2' }) });
  await unpackInto({ lowers: [low], upper, work: directory() }, tar, { into: 'link', owner: { uid: 7, gid: 8 } });
  assert.deepEqual(Object.keys(census(upper)), ['real', 'real/d', 'real/d/.wh.name', 'real/f']);
  assert.deepEqual([lstatSync(join(upper, 'real/f')).uid, lstatSync(join(upper, 'real/f')).gid], [7, 8]);
});

test('a directory is not replaced by a file where kinds are kept', async () => {
  const root = directory({ 'x/y': '1', z: '2' });
  const file = await pack({ root: directory({ x: 'file' }) });
  const tree = await pack({ root: directory({ 'z/a': '' }) });
  await assert.rejects(unpackInto({ root }, file, { into: '', keepKinds: true }), {
    message: 'cannot overwrite directory "/x" with non-directory "/"',
  });
  await assert.rejects(unpackInto({ root }, tree, { into: '', keepKinds: true }), {
    message: 'cannot overwrite non-directory "/z" with directory "/"',
  });
  await unpackInto({ root }, file, { into: '' });
  assert.ok(lstatSync(join(root, 'x')).isFile());
});

test('an archive that climbs is refused and writes nothing outside', async () => {
  const root = directory({ in: null });
  const tar = execFileSync('tar', ['-cPf', '-', '--transform=s,^.*$,../evil,', join(directory({ f: '' }), 'f')]);
  await assert.rejects(unpackInto({ root }, tar, { into: 'in' }), /is outside of the layer/);
  assert.ok(!existsSync(join(root, 'evil')));
});

test('changes are told as docker diff tells them', async () => {
  const low = directory({
    'etc/kept': '1',
    'etc/changed': '2',
    'etc/gone': '3',
    'opaque/was': '4',
    'replaced/x': '5',
    same: '6',
  });
  const upper = directory({ 'etc/changed': 'longer', 'etc/new/deep': '7', 'opaque/is': '8', 'only-parent/added': '9' });
  mkdirSync(join(low, 'only-parent'));
  writeFileSync(join(upper, 'replaced'), 'a file now');
  native.makeNode(join(upper, 'etc/gone'), 0o020000, 0, 0);
  execFileSync('cp', ['-a', join(low, 'same'), join(upper, 'same')]);
  execFileSync('python3', [
    '-c',
    `import os;os.setxattr(${JSON.stringify(join(upper, 'opaque'))},'trusted.overlay.opaque',b'y')`,
  ]);
  const found = await listChanges({ root: upper, base: [low] });
  assert.deepEqual(
    found.map(({ kind, path }) => `${kind} ${path}`),
    [
      'C /etc',
      'C /etc/changed',
      'D /etc/gone',
      'A /etc/new',
      'A /etc/new/deep',
      'C /only-parent',
      'A /only-parent/added',
      'C /opaque',
      'A /opaque/is',
      'D /opaque/was',
      'C /replaced',
    ],
  );
});

test('a path is looked up with its symlinks, inside the root', async () => {
  const root = directory({ 'a/b': 'hello' });
  symlinkSync('/a', join(root, 'abs'));
  symlinkSync('b', join(root, 'a/rel'));
  symlinkSync('/nowhere/at/all', join(root, 'dangling'));
  assert.partialDeepStrictEqual(await lookUp({ root }, 'abs/b'), { resolved: '/a/b', sizeBytes: 5 });
  assert.partialDeepStrictEqual(await lookUp({ root }, 'abs'), { resolved: '/abs', target: '/a' });
  assert.partialDeepStrictEqual(await lookUp({ root }, '/abs/rel'), { resolved: '/a/rel', target: '/a/b' });
  assert.partialDeepStrictEqual(await lookUp({ root }, 'dangling'), { target: '/nowhere/at/all' });
  assert.equal(await lookUp({ root }, 'missing/x'), undefined);
  assert.equal(await lookUp({ root }, 'a/b/c'), undefined);
  assert.partialDeepStrictEqual(await lookUp({ root }, '../../../a/b'), { resolved: '/a/b' });
});

test('names below a directory are listed to a depth, links not followed', async () => {
  const root = directory({ 'a/b/c/d': '', 'a/e': '' });
  symlinkSync('b', join(root, 'a/l'));
  const names = async (path: string, depth: number) =>
    (await listBelow({ root }, path, depth)).map(({ name, isDirectory }) => `${name}${isDirectory ? '/' : ''}`);
  assert.deepEqual(await names('/a', 1), ['b/', 'e', 'l']);
  assert.deepEqual(await names('/a', 2), ['b/', 'b/c/', 'e', 'l']);
  assert.deepEqual(await names('/', 99), ['a/', 'a/b/', 'a/b/c/', 'a/b/c/d', 'a/e', 'a/l']);
  await assert.rejects(names('/a/e', 1), /list \/a\/e: Not a directory/);
});

test('reading an archive to its middle ends the helper', async () => {
  const root = directory({ big: 'x'.repeat(8 << 20) });
  for await (const chunk of packTree({ root })) {
    assert.ok(chunk.length > 0);
    break;
  }
  const mine = execFileSync('ps', ['--ppid', String(process.pid), '-o', 'args=']).toString();
  assert.ok(!mine.includes('tsd-shim layer'), mine);
});
