import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ContentStore } from '../../../packages/daemon/src/content/store.ts';

test('a blob that is put while the same one is being removed stays', async () => {
  const root = mkdtempSync(join(tmpdir(), 'tsd-content-'));
  try {
    const store = await ContentStore.open(root);
    const bytes = Buffer.from('the same content');
    const { digest } = await store.put(bytes);
    const again = await store.ingest({ digest });
    await again.write(bytes);
    // Its bytes take any time to be freed; the new blob is complete before or after, and is there in both cases.
    const removal = store.remove(digest);
    await Promise.all([removal, again.commit()]);
    assert.deepEqual(await store.read(digest), bytes);
    await store.remove(digest);
    await store.remove(digest);
    assert.equal(await store.size(digest), undefined);
    assert.deepEqual(readdirSync(join(root, 'ingest')), []);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
