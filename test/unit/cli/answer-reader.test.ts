import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AnswerReader } from '../../../packages/cli/src/client/answer-reader.ts';

const ANSWERS: { name: string; text: string; method?: string; status: number; body: string; keeps: boolean }[] = [
  {
    name: 'a length',
    text: 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: 1\r\nx-a: 2\r\n\r\nhello',
    status: 200,
    body: 'hello',
    keeps: true,
  },
  {
    name: 'chunks, an extension and a trailer',
    text: 'HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nhe\r\r\nA\r\n0123456789\r\n0\r\nX-T: 1\r\n\r\n',
    status: 404,
    body: 'he\r0123456789',
    keeps: true,
  },
  {
    name: 'HEAD',
    text: 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n',
    method: 'HEAD',
    status: 200,
    body: '',
    keeps: true,
  },
  { name: '204', text: 'HTTP/1.1 204 No Content\r\n\r\n', status: 204, body: '', keeps: true },
  { name: '304', text: 'HTTP/1.1 304 \r\nContent-Length: 3\r\n\r\n', status: 304, body: '', keeps: true },
  {
    name: 'an informational answer first',
    text: 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n',
    status: 201,
    body: '',
    keeps: true,
  },
  {
    name: 'connection: close',
    text: 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nab',
    status: 200,
    body: 'ab',
    keeps: false,
  },
  { name: 'until the end', text: 'HTTP/1.0 200 OK\r\n\r\nall of it', status: 200, body: 'all of it', keeps: false },
];

for (const { name, text, method = 'GET', status, body, keeps } of ANSWERS) {
  test(`answer with ${name}, whole and byte by byte`, () => {
    for (const size of [text.length, 1]) {
      const reader = new AnswerReader(method);
      const bytes = Buffer.from(text);
      for (let at = 0; at < bytes.length; at += size) {
        assert.equal(reader.isComplete, false);
        reader.push(bytes.subarray(at, at + size));
      }
      reader.end();
      assert.equal(reader.head?.status, status);
      assert.equal(reader.body().toString(), body);
      assert.equal(reader.keepsConnection, keeps);
    }
  });
}

test('repeated headers are joined', () => {
  const reader = new AnswerReader('GET');
  reader.push(Buffer.from(ANSWERS[0]?.text ?? ''));
  assert.equal(reader.head?.headers['x-a'], '1, 2');
});

for (const [name, text] of [
  ['no HTTP', 'SSH-2.0-OpenSSH\r\n\r\n'],
  ['a broken status', 'HTTP/1.1 2OO OK\r\n\r\n'],
  ['a header without a name', 'HTTP/1.1 200 OK\r\n: x\r\n\r\n'],
  ['a negative length', 'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n'],
  ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n'],
  ['a chunk of no size', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n'],
  ['a head without an end', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(300 << 10)}`],
  ['a chunk line without an end', `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${'1'.repeat(20 << 10)}`],
] as const) {
  test(`refused: ${name}`, () => {
    assert.throws(() => new AnswerReader('GET').push(Buffer.from(text)), /malformed HTTP response/);
  });
}

test('an answer that is cut off is an error', () => {
  for (const text of ['', 'HTTP/1.1 200', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab']) {
    const reader = new AnswerReader('GET');
    reader.push(Buffer.from(text));
    assert.throws(() => reader.end(), /unexpected EOF/);
  }
});
