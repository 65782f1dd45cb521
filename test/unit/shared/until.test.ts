import assert from 'node:assert/strict';
import { test } from 'node:test';
import { untilMillis } from '../../../packages/shared/src/until.ts';

const NOW = Date.parse('2026-01-02T00:00:00Z');

test('a duration counts back, a number is seconds, a date is itself', () => {
  assert.equal(untilMillis({}, NOW), undefined);
  assert.equal(untilMillis({ until: ['24h'] }, NOW), Date.parse('2026-01-01T00:00:00Z'));
  assert.equal(untilMillis({ until: ['1h30m'] }, NOW), NOW - 5_400_000);
  assert.equal(untilMillis({ until: ['1700000000'] }, NOW), 1_700_000_000_000);
  assert.equal(untilMillis({ until: ['1700000000.5'] }, NOW), 1_700_000_000_500);
  assert.equal(untilMillis({ until: ['2020-01-02T03:04:05Z'] }, NOW), Date.parse('2020-01-02T03:04:05Z'));
});

test('anything else is refused', () => {
  assert.throws(() => untilMillis({ until: ['soon'] }, NOW), /failed to parse value as time or duration: "soon"/);
  assert.throws(() => untilMillis({ until: ['1h', '2h'] }, NOW), /more than one until filter specified/);
});
