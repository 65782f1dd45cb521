import assert from 'node:assert/strict';
import { test } from 'node:test';
import { frame, frameHeader, frames, StdcopyDecoder } from '../../../packages/shared/src/stdcopy.ts';

function decode(bytes: Buffer, step: number): { out: string; err: string; atBoundary: boolean } {
  const text = { out: '', err: '' };
  const decoder = new StdcopyDecoder((stream, data) => {
    text[stream === 2 ? 'err' : 'out'] += data.toString('latin1');
  });
  for (let at = 0; at < bytes.length; at += step) decoder.push(bytes.subarray(at, at + step));
  return { ...text, atBoundary: decoder.atBoundary };
}

test('frames come apart wherever the chunks are cut', () => {
  const bytes = Buffer.concat([
    frame(1, Buffer.from('hello ')),
    frame(2, Buffer.from('bad')),
    frame(1, Buffer.alloc(0)),
    frameHeader(1, 5),
    Buffer.from('world'),
  ]);
  for (let step = 1; step <= bytes.length; step++) {
    assert.deepEqual(decode(bytes, step), { out: 'hello world', err: 'bad', atBoundary: true });
  }
});

test('a header has the stream first and the size in network order', () => {
  assert.deepEqual(frame(2, Buffer.from('x')), Buffer.from([2, 0, 0, 0, 0, 0, 0, 1, 0x78]));
  assert.deepEqual(frameHeader(1, 0x01020304), Buffer.from([1, 0, 0, 0, 1, 2, 3, 4]));
});

test('frames of one stream in a row come out in one piece, in order', () => {
  const pieces: [number, string][] = [];
  const decoder = new StdcopyDecoder((stream, data) => pieces.push([stream, data.toString()]));
  const of = (stream: 1 | 2, text: string) => ({ stream, data: Buffer.from(text) });
  decoder.push(frames([of(1, 'a'), of(1, 'b'), of(2, 'c'), of(1, 'd'), of(1, 'e')]));
  assert.deepEqual(pieces, [
    [1, 'ab'],
    [2, 'c'],
    [1, 'de'],
  ]);
  assert.deepEqual(
    frames([of(1, 'a'), of(2, 'bc')]),
    Buffer.concat([frame(1, Buffer.from('a')), frame(2, Buffer.from('bc'))]),
  );
});

test('payload is handed on before its frame is complete', () => {
  assert.deepEqual(decode(Buffer.concat([frameHeader(1, 0xffffffff), Buffer.from('part')]), 100), {
    out: 'part',
    err: '',
    atBoundary: false,
  });
});

test('an error frame and an unknown stream throw', () => {
  assert.throws(() => decode(frame(3, Buffer.from('boom')), 3), { message: 'error from daemon in stream: boom' });
  assert.throws(() => decode(frameHeader(9 as never, 1), 8), { message: 'Unrecognized input header: 9' });
});
