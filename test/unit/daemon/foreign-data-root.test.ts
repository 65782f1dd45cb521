import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { refuseForeignDataRoot } from '../../../packages/daemon/src/foreign-data-root.ts';

const ID = 'a'.repeat(64);

async function withFiles(files: readonly string[], run: (root: string) => Promise<void>): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'tsd-root-'));
  try {
    for (const file of files) {
      mkdirSync(dirname(join(root, file)), { recursive: true });
      writeFileSync(join(root, file), '');
    }
    await run(root);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

test('a data root of dockerd is refused by what it has, and left as it is', async () => {
  const rows: [string, string[]][] = [
    ['image/overlay2/imagedb', ['image/overlay2/imagedb/content/x', `overlay2/${ID}/diff/f`]],
    ['image/overlay2/layerdb', ['image/overlay2/layerdb/x']],
    ['vfs', [`vfs/dir/${ID}/f`]],
    ['btrfs', ['btrfs/subvolumes/x']],
    [`containers/${ID}/config.v2.json`, [`containers/${ID}/config.v2.json`]],
    ['containerd/daemon', ['containerd/daemon/io.containerd.content.v1.content/x']],
  ];
  for (const [part, files] of rows) {
    await withFiles(files, async (root) => {
      const before = readdirSync(root, { recursive: true }).length;
      const message = `data root ${root} belongs to dockerd: it has ${part}; choose another --data-root, nothing here was changed`;
      await assert.rejects(refuseForeignDataRoot(root), { message });
      assert.equal(readdirSync(root, { recursive: true }).length, before);
    });
  }
});

test('one of our own, an empty one and one that is not there are taken', async () => {
  const ours = [
    'image/store.json',
    `overlay2/${ID}/diff/f`,
    `containers/${ID}/container.json`,
    'engine-id',
    'content/blobs/x',
  ];
  await withFiles(ours, refuseForeignDataRoot);
  await withFiles([], refuseForeignDataRoot);
  await refuseForeignDataRoot('/nonexistent/data/root');
});
