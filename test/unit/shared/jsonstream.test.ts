import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JsonStreamDecoder, jsonLine } from '../../../packages/shared/src/jsonstream.ts';

const OBJECTS = [{ status: 'a } "quoted" \\' }, { id: 'é', list: [1, { x: '{' }] }, []];

test('objects come apart wherever the chunks are cut, with and without newlines', () => {
  for (const text of [OBJECTS.map(jsonLine).join(''), OBJECTS.map((o) => JSON.stringify(o)).join('')]) {
    const bytes = Buffer.from(text);
    for (let step = 1; step <= bytes.length; step++) {
      const decoder = new JsonStreamDecoder();
      const values: unknown[] = [];
      for (let at = 0; at < bytes.length; at += step) values.push(...decoder.push(bytes.subarray(at, at + step)));
      decoder.end();
      assert.deepEqual(values, OBJECTS);
    }
  }
});

test('a cut stream and stray text are errors', () => {
  const cut = new JsonStreamDecoder();
  cut.push(Buffer.from('{"a":"'));
  assert.throws(() => cut.end(), { message: 'unexpected EOF' });
  assert.throws(() => new JsonStreamDecoder().push(Buffer.from('oops')), SyntaxError);
  assert.throws(() => new JsonStreamDecoder().push(Buffer.from('}')), SyntaxError);
});
