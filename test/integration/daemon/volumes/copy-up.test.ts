/** Reading and copying out of unmounted layers, against what the kernel's own overlay shows. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { NativeAddon } from '../../../../packages/daemon/src/runtime/native/addon-types.ts';
import { nativeDirectory } from '../../../support/native-directory.ts';

const skip =
  process.getuid?.() !== 0
    ? 'needs root'
    : !existsSync(join(nativeDirectory, 'native.node')) && 'needs the native build';

let dir = '';
let layers: string[] = [];
before(() => {
  if (skip) return;
  dir = mkdtempSync(join(tmpdir(), 'tsdocker-copyup-'));
  const [lower, middle, upper] = ['lower', 'middle', 'upper'].map((name) => join(dir, name));
  layers = [upper!, middle!, lower!];
  const script = `
    set -e; umask 022
    mkdir -p ${lower}/etc ${lower}/data/sub ${lower}/data/opaque ${lower}/data/replaced ${middle}/data/sub ${upper}/data/opaque
    echo root:x:0:0::/root:/bin/sh > ${lower}/etc/passwd
    echo one > ${lower}/data/a; ln ${lower}/data/a ${lower}/data/sub/hard; chown 12:34 ${lower}/data/a; chmod 4755 ${lower}/data/a
    ln -s /etc/passwd ${lower}/data/link; mkfifo -m 666 ${lower}/data/fifo; mknod -m 622 ${lower}/data/null c 1 3
    echo old > ${lower}/data/sub/changed; echo gone > ${lower}/data/sub/gone; echo hidden > ${lower}/data/opaque/hidden
    echo below > ${lower}/data/replaced/below
    echo new > ${middle}/data/sub/changed; mknod ${middle}/data/sub/gone c 0 0
    echo shown > ${upper}/data/opaque/shown
    rm -rf ${upper}/data/replaced; echo file > ${upper}/data/replaced
    chown 5:6 ${upper}/data; chmod 2770 ${upper}/data; touch -d '2020-01-01 00:00:00.5' ${lower}/data/a ${upper}/data/opaque`;
  const { status, stderr } = spawnSync('sh', ['-c', script], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  const attributes = spawnSync('python3', [
    '-c',
    `import os
os.setxattr('${upper}/data/opaque','trusted.overlay.opaque',b'y')
os.setxattr('${lower}/data/a','user.note',b'hello')`,
  ]);
  assert.equal(attributes.status, 0, String(attributes.stderr));
});
after(() => dir && rmSync(dir, { recursive: true, force: true }));

async function modules() {
  const { native } = await import('../../../../packages/daemon/src/runtime/native/bindings.ts');
  const { copyUp } = await import('../../../../packages/daemon/src/volumes/copy-up.ts');
  const { LayeredRoot } = await import('../../../../packages/daemon/src/runtime/spec/layered-root.ts');
  return { native: native as NativeAddon, copyUp, LayeredRoot };
}

/** Every entry with type, mode, owner, size, link target, number of names, time and attributes. */
function listing(root: string): string {
  const script = `cd ${root} && find . -printf '%P %y %m %U:%G %l %Ts ' \\( -type f -printf '%n %s' -o -printf '' \\) -printf '\\n' | sort; cd ${root}; getfattr -d -R -m user . 2>/dev/null; true`;
  return spawnSync('sh', ['-c', script], { encoding: 'utf8' }).stdout;
}

test('a copy of unmounted layers equals the mounted overlay', { skip }, async () => {
  const { native, copyUp } = await modules();
  const merged = join(dir, 'merged');
  const target = join(dir, 'target');
  const work = join(dir, 'work');
  for (const d of [merged, target, work]) mkdirSync(d);
  assert.equal(await copyUp([join(dir, 'missing'), ...layers], '/data', target, native), true);
  const [upper, ...lowers] = layers;
  const options = `lowerdir=${lowers.join(':')},upperdir=${upper},workdir=${work}`;
  const mounted = spawnSync('mount', ['-t', 'overlay', 'overlay', '-o', options, merged], { encoding: 'utf8' });
  assert.equal(mounted.status, 0, mounted.stderr);
  try {
    const want = listing(join(merged, 'data'));
    assert.match(want, /hard f 4755 12:34/);
    // overlayfs counts the names of a lower file as the layer does; so does the copy.
    assert.equal(listing(target), want);
  } finally {
    spawnSync('umount', [merged]);
  }
  assert.equal(await copyUp(layers, '/nowhere', target, native), false);
  assert.equal(await copyUp(layers, '/data/sub/changed', target, native), false, 'a file is no directory');
});

test('links never leave the root, whiteouts hide, and only regular files are read', { skip }, async () => {
  const { native, LayeredRoot } = await modules();
  const evil = join(dir, 'evil');
  mkdirSync(join(evil, 'etc'), { recursive: true });
  symlinkSync('../../../../../../../../../etc/shadow', join(evil, 'up'));
  symlinkSync('/etc/shadow', join(evil, 'absolute'));
  symlinkSync('loop', join(evil, 'loop'));
  symlinkSync(join(dir, 'lower'), join(evil, 'outside'));
  const read = (path: string) =>
    new LayeredRoot([evil, ...layers], native.isOpaqueDirectory).readFile(path, 1000)?.toString();
  assert.equal(read('/etc/passwd'), 'root:x:0:0::/root:/bin/sh\n');
  assert.equal(read('/data/link'), 'root:x:0:0::/root:/bin/sh\n', 'absolute links start at the root of the container');
  for (const path of [
    '/up',
    '/absolute',
    '/loop',
    '/outside/etc/passwd',
    '/data/sub/gone',
    '/data/opaque/hidden',
    '/data/fifo',
    '/data/null',
    '/etc',
    '/data/replaced/below',
  ]) {
    assert.equal(read(path), undefined, path);
  }
  assert.equal(read('/data/sub/../sub/changed'), 'new\n');
  writeFileSync(join(evil, 'big'), Buffer.alloc(1001));
  assert.throws(() => read('/big'), RangeError);
  assert.ok(readFileSync('/etc/shadow').length > 0, 'the file the links point to exists');
});
