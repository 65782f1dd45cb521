import assert from 'node:assert/strict';
import { test } from 'node:test';
import { durationString, parseDuration } from '../../../packages/shared/src/durations.ts';

test('durations parse exactly and print as Go does', () => {
  for (const [text, nanos, printed] of [
    ['0', 0n, '0s'],
    ['5s', 5_000_000_000n, '5s'],
    ['1h', 3_600_000_000_000n, '1h0m0s'],
    ['1h2m3.5s', 3_723_500_000_000n, '1h2m3.5s'],
    ['-1.5s', -1_500_000_000n, '-1.5s'],
    ['100ms', 100_000_000n, '100ms'],
    ['1.000000001s', 1_000_000_001n, '1.000000001s'],
    ['10us', 10_000n, '10µs'],
    ['.5m', 30_000_000_000n, '30s'],
    ['7ns', 7n, '7ns'],
  ] as const) {
    assert.equal(parseDuration(text), nanos, text);
    assert.equal(durationString(nanos), printed);
  }
});

test('bad durations are refused in the words of Go', () => {
  for (const [text, message] of [
    ['', 'time: invalid duration ""'],
    ['x', 'time: invalid duration "x"'],
    ['5', 'time: missing unit in duration "5"'],
    ['1d', 'time: unknown unit "d" in duration "1d"'],
    ['.s', 'time: invalid duration ".s"'],
    ['9999999h', 'time: invalid duration "9999999h"'],
  ] as const) {
    assert.throws(() => parseDuration(text), { message }, text);
  }
});
