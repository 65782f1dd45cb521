import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { decodeEntry } from '../../../../packages/daemon/src/logging/local-records.ts';
import {
  type LogChunk,
  type LogOptions,
  type LogSource,
  readLogs,
} from '../../../../packages/daemon/src/logging/read-logs.ts';

let directory = '';
let path = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tsdocker-local-log-'));
  path = join(directory, 'container.log');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function varint(value: bigint): number[] {
  return value < 128n ? [Number(value)] : [Number(value & 127n) | 128, ...varint(value >> 7n)];
}

function record(line: Buffer | string, { stream = 'stdout', time = 1n, part = '' } = {}): Buffer {
  const bytes = Buffer.from(line as string);
  const metadata = [...(part === 'last' ? [0x08, 1] : []), 0x12, 2, 0x61, 0x62, 0x18, 1];
  const message = Buffer.from([
    ...[0x0a, 6, ...Buffer.from(stream)],
    ...[0x10, ...varint(time)],
    ...(bytes.length > 0 ? [0x1a, ...varint(BigInt(bytes.length)), ...bytes] : []),
    ...(part ? [0x20, 1, 0x2a, metadata.length, ...metadata] : []),
  ]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(message.length);
  return Buffer.concat([length, message, length]);
}

const lines = (from: number, to: number) =>
  Buffer.concat(Array.from({ length: to - from }, (_, i) => record(`line ${from + i}`, { time: BigInt(from + i) })));
const expected = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => `line ${from + i}\n`).join('');

async function read(opts: Partial<LogOptions> = {}, source: Partial<LogSource> = {}): Promise<Buffer> {
  const all = { stdout: true, stderr: true, follow: false, timestamps: false, details: false };
  const parts: Buffer[] = [];
  for await (const chunks of readLogs({ path, format: 'local', ...source }, { ...all, ...opts })) {
    parts.push(...chunks.map(({ data }) => data));
  }
  return Buffer.concat(parts);
}

test('every byte comes back, parts of a line without newlines but the last, empty lines as such', async () => {
  const binary = Buffer.from([0, 255, 10, 254, 128]);
  writeFileSync(
    path,
    Buffer.concat([record(binary), record('a', { part: 'first' }), record('b', { part: 'last' }), record('')]),
  );
  assert.deepEqual(await read(), Buffer.concat([binary, Buffer.from('\nab\n\n')]));
});

test('a tail goes over files and blocks', async () => {
  writeFileSync(`${path}.1`, lines(0, 20_000));
  writeFileSync(path, lines(20_000, 20_003));
  for (const tail of [0, 1, 3, 4, 15_000, 30_000]) {
    assert.equal((await read({ tail })).toString(), expected(Math.max(0, 20_003 - tail), 20_003), `tail ${tail}`);
  }
});

test('streams, times and prefixes', async () => {
  const time = 1_704_164_643_500_000_001n;
  writeFileSync(path, Buffer.concat([record('one', { time: time - 5n }), record('two', { time, stream: 'stderr' })]));
  assert.equal((await read({ stderr: false })).toString(), 'one\n');
  assert.equal((await read({ since: time, timestamps: true })).toString(), '2024-01-02T03:04:03.500000001Z two\n');
  assert.equal((await read({ until: time - 1n })).toString(), 'one\n');
});

test('what a crash tore off hides nothing before it', async () => {
  writeFileSync(path, Buffer.concat([lines(0, 5), record('torn').subarray(0, 9)]));
  assert.equal((await read()).toString(), expected(0, 5));
  assert.equal((await read({ tail: 2 })).toString(), expected(3, 5));
  writeFileSync(path, Buffer.concat([lines(0, 3), Buffer.alloc(50, 0xff)]));
  assert.equal((await read()).toString(), expected(0, 3));
  assert.equal(decodeEntry(Buffer.from([0x1a, 9, 1])), undefined);
  assert.equal(decodeEntry(Buffer.from([0x0b])), undefined);
});

test('following sees what is appended in pieces', { timeout: 60_000 }, async () => {
  writeFileSync(path, lines(0, 1));
  const ended = Promise.withResolvers<void>();
  const options = { stdout: true, stderr: true, follow: true, timestamps: false, details: false };
  const iterator = readLogs({ path, format: 'local', ended: ended.promise }, options)[Symbol.asyncIterator]();
  const next = async () => (await iterator.next()).value?.map((chunk: LogChunk) => chunk.data.toString()).join('');
  assert.equal(await next(), expected(0, 1));
  const waiting = next();
  appendFileSync(path, lines(1, 2).subarray(0, 7));
  appendFileSync(path, lines(1, 2).subarray(7));
  assert.equal(await waiting, expected(1, 2));
  ended.resolve();
  assert.equal(await next(), undefined);
});
