import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { test } from 'node:test';
import { parseSignal, signalName } from '../../../packages/shared/src/signals.ts';

test('signals parse by name in any case, with and without SIG, and by number', () => {
  for (const [text, number] of [
    ['KILL', 9],
    ['SIGKILL', 9],
    ['sigterm', 15],
    ['9', 9],
    ['CLD', 17],
    ['RTMIN', 34],
    ['SIGRTMIN+3', 37],
    ['RTMAX-1', 63],
    ['64', 64],
  ] as const) {
    assert.equal(parseSignal(text), number);
  }
});

test('every signal of this system has its number and its name', () => {
  for (const [name, number] of Object.entries(constants.signals)) {
    if (name === 'SIGUNUSED') continue;
    assert.equal(parseSignal(name), number);
    assert.equal(parseSignal(signalName(number)!), number);
  }
});

test('unknown signals are refused', () => {
  for (const text of ['', '0', '-1', '65', 'SIGFOO', 'RTMIN+31', 'constructor']) {
    assert.throws(() => parseSignal(text), { message: `invalid signal: ${text}` });
  }
  assert.equal(signalName(33), undefined);
});
