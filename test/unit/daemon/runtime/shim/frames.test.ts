import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  decodeFailure,
  decodeWelcome,
  encodeFrame,
  FRAME,
  FrameReader,
  words,
} from '../../../../../packages/daemon/src/runtime/shim/frames.ts';

test('finds frames wherever the chunks are cut', () => {
  const sent = [
    encodeFrame(FRAME.output, Buffer.from('hello'), { stream: 1, session: 0xfffe }),
    encodeFrame(FRAME.end),
    encodeFrame(FRAME.output, Buffer.alloc(70_000, 7), { stream: 2 }),
  ];
  const bytes = Buffer.concat(sent);
  for (const size of [1, 3, 8, 13, 4096, bytes.length]) {
    const reader = new FrameReader();
    const got = [];
    for (let at = 0; at < bytes.length; at += size) got.push(...reader.push(bytes.subarray(at, at + size)));
    assert.deepEqual(
      got.map(({ type, stream, session, payload }) => encodeFrame(type, payload, { stream, session })),
      sent,
      `size ${size}`,
    );
  }
});

test('refuses a length no shim sends', () => {
  assert.throws(() => [...new FrameReader().push(words(0x7fffffff, 0))], RangeError);
});

test('reads what a shim reports', () => {
  const failure = Buffer.concat([words(3, 2), Buffer.from('execve\0/bin/x\0')]);
  assert.deepEqual(decodeFailure(failure), { operation: 3, errno: 2, call: 'execve', path: '/bin/x' });
  const welcome = Buffer.from([1, 0, 1, 1, 9, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 7, 0, 8, 1]);
  assert.deepEqual(decodeWelcome(welcome), {
    version: 1,
    state: 'running',
    frozen: true,
    pid: 9,
    startedAt: 5n,
    sessions: [7, 264],
  });
});
