import assert from 'node:assert/strict';
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { compressRotated } from '../../../../packages/daemon/src/logging/compress-rotated.ts';
import { LogCompressor } from '../../../../packages/daemon/src/logging/log-compressor.ts';
import { parseTime } from '../../../../packages/daemon/src/logging/log-record.ts';
import {
  type LogOptions,
  type LogPosition,
  readLogs,
  readRecords,
} from '../../../../packages/daemon/src/logging/read-logs.ts';
import { eventually } from '../../../support/eventually.ts';

let dir = '';
let path = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tsdocker-log-'));
  path = join(dir, 'c-json.log');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const free = () => true;
const all: LogOptions = { stdout: true, stderr: true, follow: false, timestamps: false, details: false };
const line = (n: number) =>
  `${JSON.stringify({ log: `line ${n}\n`, stream: 'stdout', time: `2024-01-02T03:04:${String(n % 60).padStart(2, '0')}.5Z` })}\n`;
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
const lines = (from: number, to: number) => range(from, to).map(line).join('');
const expected = (from: number, to: number) =>
  range(from, to)
    .map((n) => `line ${n}\n`)
    .join('');
const names = () => readdirSync(dir).sort();

async function read(opts: Partial<LogOptions> = {}): Promise<string> {
  let text = '';
  for await (const chunks of readLogs({ path }, { ...all, ...opts })) text += chunks.map(({ data }) => data).join('');
  return text;
}

/** As the shim rotates, with `.3` as the last. */
function rotate(): void {
  rmSync(`${path}.3.gz`, { force: true });
  for (const n of [2, 1]) {
    for (const end of ['', '.gz']) {
      if (existsSync(`${path}.${n}${end}`)) renameSync(`${path}.${n}${end}`, `${path}.${n + 1}${end}`);
    }
  }
  renameSync(path, `${path}.1`);
  writeFileSync(path, '');
}

test('what is rotated becomes gzip that any reader reads, and logs shows the same before and after', async () => {
  writeFileSync(`${path}.2`, lines(0, 3000));
  writeFileSync(`${path}.1`, lines(3000, 6000));
  writeFileSync(path, lines(6000, 6002));
  await compressRotated(path, free);
  assert.deepEqual(names(), ['c-json.log', 'c-json.log.1.gz', 'c-json.log.2.gz']);
  assert.equal(gunzipSync(readFileSync(`${path}.2.gz`)).toString(), lines(0, 3000));
  assert.equal(await read(), expected(0, 6002));
  for (const tail of [1, 2, 3, 3001, 3002, 3003, 7000]) {
    assert.equal(await read({ tail }), expected(Math.max(0, 6002 - tail), 6002), `tail ${tail}`);
  }
  const late = range(0, 6002).filter((n) => n % 60 === 59);
  const since = parseTime('2024-01-02T03:04:59.5Z')!;
  assert.equal(await read({ since }), late.map((n) => `line ${n}\n`).join(''));
  assert.deepEqual(names(), ['c-json.log', 'c-json.log.1.gz', 'c-json.log.2.gz'], 'reading leaves nothing behind');
});

test('a crash between the compressed file and the end of the original shows no line twice', async () => {
  writeFileSync(`${path}.1`, lines(0, 5));
  writeFileSync(`${path}.1.gz`, gzipSync(lines(0, 5)));
  writeFileSync(`${path}.12345.tmp`, 'half a file');
  writeFileSync(path, lines(5, 6));
  assert.equal(await read(), expected(0, 6));
  await compressRotated(path, free);
  assert.deepEqual(names(), ['c-json.log', 'c-json.log.1.gz']);
  assert.equal(await read(), expected(0, 6));
});

test('files that docker compressed are read', async () => {
  writeFileSync(`${path}.1.gz`, gzipSync(lines(0, 5)));
  writeFileSync(path, lines(5, 6));
  assert.equal(await read({ tail: 3 }), expected(3, 6));
});

test('a rotation while a file is compressed moves neither', async () => {
  writeFileSync(`${path}.1`, lines(0, 5));
  writeFileSync(path, lines(5, 10));
  let tries = 0;
  // The writer holds the lock at first, and has given the file another number when it lets go.
  const busy = () => {
    if (++tries === 1) rotate();
    return tries > 2;
  };
  await compressRotated(path, busy);
  assert.deepEqual(names(), ['c-json.log', 'c-json.log.1', 'c-json.log.2.gz']);
  assert.equal(await read(), expected(0, 10));
});

test('without a current file the writer may still write to a rotated one: nothing is touched', async () => {
  writeFileSync(`${path}.1`, lines(0, 5));
  await compressRotated(path, free);
  assert.deepEqual(names(), ['c-json.log.1']);
});

test('a position goes on in a file that has been compressed since', async () => {
  writeFileSync(path, lines(0, 5));
  let from: LogPosition | undefined;
  for await (const { position } of readRecords({ path }, all)) from = position;
  appendFileSync(path, lines(5, 7));
  rotate();
  appendFileSync(path, lines(7, 9));
  await compressRotated(path, free);
  const texts: string[] = [];
  for await (const { records } of readRecords({ path }, { ...all, from: from! })) {
    texts.push(...records.map(({ text }) => String(text)));
  }
  assert.equal(texts.join(''), expected(5, 9));
});

test('a follow over rotations that are compressed under it sees each line once', { timeout: 20_000 }, async () => {
  writeFileSync(path, lines(0, 1));
  const ended = Promise.withResolvers<void>();
  let text = '';
  const seen = (async () => {
    const source = { path, ended: ended.promise };
    for await (const chunks of readLogs(source, { ...all, follow: true }))
      text += chunks.map(({ data }) => data).join('');
  })();
  const compressor = new LogCompressor(free, (message) => assert.fail(message));
  for (const n of range(1, 4)) {
    rotate();
    appendFileSync(path, line(n));
    compressor.compress('c', path);
  }
  await eventually(() => assert.ok(!names().some((name) => /\.\d$/.test(name))), 10_000);
  ended.resolve();
  await seen;
  assert.equal(text, expected(0, 4));
  await compressor.close();
});

test('the end of one log does not wait for another that is compressed', async () => {
  const other = join(dir, 'other.log');
  for (const log of [path, other]) {
    writeFileSync(`${log}.1`, lines(0, 50_000));
    writeFileSync(log, '');
  }
  const compressor = new LogCompressor(free, (message) => assert.fail(message));
  compressor.compress('long', path);
  compressor.compress('waits', other);
  await compressor.stop('waits');
  assert.ok(existsSync(`${path}.1`), 'the other is not done yet');
  await eventually(() => assert.ok(existsSync(`${path}.1.gz`)), 10_000);
  await compressor.close();
  assert.ok(existsSync(`${other}.1`));
});

test('a compressor that is stopped leaves the log as it was', async () => {
  writeFileSync(`${path}.1`, lines(0, 50_000));
  writeFileSync(path, '');
  const compressor = new LogCompressor(free, (message) => assert.fail(message));
  compressor.compress('c', path);
  await compressor.stop('c');
  assert.deepEqual(names(), ['c-json.log', 'c-json.log.1']);
});
