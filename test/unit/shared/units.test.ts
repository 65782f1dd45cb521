import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  bytesSize,
  formatG,
  fromHumanSize,
  humanDuration,
  humanSize,
  ramInBytes,
} from '../../../packages/shared/src/units.ts';

test('decimal sizes have the digits and the unit Docker prints', () => {
  for (const [bytes, digits, text] of [
    [0, 4, '0B'],
    [999, 4, '999B'],
    [1000, 4, '1kB'],
    [1234, 4, '1.234kB'],
    [1_980_000, 3, '1.98MB'],
    [77_846_000, 3, '77.8MB'],
    [2_000_000_000_000, 4, '2TB'],
    [999_999, 3, '1e+03kB'],
    [1125, 3, '1.12kB'],
    [1375, 3, '1.38kB'],
  ] as const) {
    assert.equal(humanSize(bytes, digits), text);
  }
});

test('binary sizes have the digits and the unit Docker prints', () => {
  assert.equal(bytesSize(0), '0B');
  assert.equal(bytesSize(1023), '1023B');
  assert.equal(bytesSize(999_014), '975.6KiB');
  assert.equal(bytesSize(2 ** 31), '2GiB');
});

test('%g cuts zeros and switches to an exponent', () => {
  assert.equal(formatG(0.00001234, 4), '1.234e-05');
  assert.equal(formatG(100, 4), '100');
  assert.equal(formatG(12345, 4), '1.234e+04');
});

test('sizes parse with every suffix Docker takes', () => {
  for (const [text, bytes] of [
    ['0', 0],
    ['32', 32],
    ['32b', 32],
    ['32B', 32],
    ['32k', 32 * 1024],
    ['32KB', 32 * 1024],
    ['32 KiB', 32 * 1024],
    ['1.5g', 1.5 * 2 ** 30],
    ['.5m', 2 ** 19],
    ['1t', 2 ** 40],
    ['1p', 2 ** 50],
  ] as const) {
    assert.equal(ramInBytes(text), bytes, text);
  }
  assert.equal(fromHumanSize('10m'), 10_000_000);
});

test('bad sizes are refused in the words of go-units', () => {
  for (const [text, message] of [
    ['', "invalid size: ''"],
    ['hello', "invalid size: 'hello'"],
    ['-32', "invalid size: '-32'"],
    ['32mm', "invalid suffix: 'mm'"],
    ['32 bb', "invalid suffix: 'bb'"],
    ['1ex', "invalid suffix: 'ex'"],
    ['1.2.3k', 'strconv.ParseFloat: parsing "1.2.3": invalid syntax'],
  ] as const) {
    assert.throws(() => ramInBytes(text), { message }, text);
  }
});

test('durations in words change at the borders Docker has', () => {
  const second = 1e9;
  const hour = 3600 * second;
  for (const [nanos, text] of [
    [0.45 * second, 'Less than a second'],
    [1 * second, '1 second'],
    [59 * second, '59 seconds'],
    [60 * second, 'About a minute'],
    [119 * second, 'About a minute'],
    [120 * second, '2 minutes'],
    [59.9 * 60 * second, '59 minutes'],
    [hour, 'About an hour'],
    [1.4 * hour, 'About an hour'],
    [47 * hour, '47 hours'],
    [48 * hour, '2 days'],
    [13 * 24 * hour, '13 days'],
    [14 * 24 * hour, '2 weeks'],
    [60 * 24 * hour, '2 months'],
    [729 * 24 * hour, '24 months'],
    [731 * 24 * hour, '2 years'],
  ] as const) {
    assert.equal(humanDuration(nanos), text);
  }
});
