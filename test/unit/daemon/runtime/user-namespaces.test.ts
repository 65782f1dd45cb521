import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostId, mapText } from '../../../../packages/daemon/src/runtime/id-map.ts';
import { subordinateRanges } from '../../../../packages/daemon/src/runtime/subordinate-ids.ts';
import { UserNamespaces } from '../../../../packages/daemon/src/runtime/user-namespaces.ts';

const RANGES = [
  { inside: 0, outside: 300_000, count: 1000 },
  { inside: 1000, outside: 400_000, count: 64_536 },
];
const MAP = { uids: RANGES, gids: RANGES };

test('ranges of an account follow one another, in the order of the file', () => {
  const text = 'other:1:2\nme:300000:1000\n# me:5:5\n\nme:400000:64536\n1000:7:8\n';
  assert.deepEqual(subordinateRanges(text, ['me']), RANGES);
  assert.deepEqual(subordinateRanges(text, ['you', '1000']), [{ inside: 0, outside: 7, count: 8 }]);
  assert.deepEqual(subordinateRanges(text, ['nobody']), []);
  for (const line of ['me:x:1', 'me:1', 'me:4294967295:2', 'me:-1:5'])
    assert.throws(() => subordinateRanges(line, ['me']), /is not name:first:count/, line);
});

test('an id inside is an id outside, or nobody', () => {
  assert.deepEqual(
    [0, 999, 1000, 65_535, 65_536].map((id) => hostId(RANGES, id)),
    [300_000, 300_999, 400_000, 464_535, undefined],
  );
  assert.equal(mapText(RANGES), '0 300000 1000\n1000 400000 64536\n');
});

test('who gets a namespace', () => {
  const calls = { createUserns: async () => -1 };
  const own = () => MAP;
  const remapped = new UserNamespaces({ remap: MAP, own, calls });
  const plain = new UserNamespaces({ own, calls });
  const modes = ['', 'host', 'private'];
  assert.deepEqual(
    modes.map((UsernsMode) => remapped.mapOf({ UsernsMode })),
    [MAP, undefined, MAP],
  );
  assert.deepEqual(
    modes.map((UsernsMode) => plain.mapOf({ UsernsMode })),
    [undefined, undefined, MAP],
  );
  const without = new UserNamespaces({
    own: () => {
      throw new Error('no ranges');
    },
    calls,
  });
  assert.throws(() => without.mapOf({ UsernsMode: 'private' }), /^DockerError: --userns=private: no ranges$/);
});
