import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { LogOptions } from '../../../../packages/daemon/src/containers/service.types.ts';
import { logWriterConfig } from '../../../../packages/daemon/src/logging/drivers.ts';
import { formatTime, parseTime } from '../../../../packages/daemon/src/logging/log-record.ts';
import { type LogChunk, type LogSource, readLogs } from '../../../../packages/daemon/src/logging/read-logs.ts';

let dir = '';
let path = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tsdocker-log-'));
  path = join(dir, 'c-json.log');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const all: LogOptions = { stdout: true, stderr: true, follow: false, timestamps: false, details: false };
const line = (n: number, more: object = {}) =>
  `${JSON.stringify({ log: `line ${n}\n`, stream: 'stdout', time: `2024-01-02T03:04:${String(n % 60).padStart(2, '0')}.5Z`, ...more })}\n`;
const lines = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => line(from + i)).join('');

async function read(opts: Partial<LogOptions> = {}, source: LogSource = { path }): Promise<string> {
  let text = '';
  for await (const chunks of readLogs(source, { ...all, ...opts })) text += textOf(chunks);
  return text;
}
const textOf = (chunks: LogChunk[]) => chunks.map(({ data }) => data.toString()).join('');
const expected = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => `line ${from + i}\n`).join('');

test('reads rotated files oldest first, and a tail across them', async () => {
  writeFileSync(`${path}.2`, lines(0, 3));
  writeFileSync(`${path}.1`, lines(3, 6));
  writeFileSync(path, lines(6, 8));
  assert.equal(await read(), expected(0, 8));
  for (const tail of [0, 1, 2, 3, 5, 6, 7, 8, 100]) {
    assert.equal(await read({ tail }), expected(Math.max(0, 8 - tail), 8), `tail ${tail}`);
  }
});

test('a tail of a big file finds its lines over block borders', async () => {
  writeFileSync(path, lines(0, 5000));
  for (const tail of [1, 700, 701, 1300, 4999]) assert.equal(await read({ tail }), expected(5000 - tail, 5000));
});

test('streams, since, until, timestamps and details', async () => {
  writeFileSync(path, line(1) + line(2, { stream: 'stderr' }) + line(3, { attrs: { 'b c': 'x&y', a: '1' } }));
  assert.equal(await read({ stdout: false }), 'line 2\n');
  const at = (second: string) => parseTime(`2024-01-02T03:04:${second}Z`)!;
  assert.equal(await read({ since: at('02.5') }), 'line 2\nline 3\n');
  assert.equal(await read({ until: at('02.5') }), 'line 1\nline 2\n');
  assert.equal(
    await read({ tail: 1, timestamps: true, details: true }),
    '2024-01-02T03:04:03.500000000Z a=1,b+c=x%26y line 3\n',
  );
});

test('torn, foreign and unterminated lines do not stop the reading', async () => {
  writeFileSync(path, `${line(1)}{"log":"torn\n\u0000\u0000\n[]\n${line(2)}{"log":"not yet`);
  assert.equal(await read(), expected(1, 3));
});

test('a missing log is empty', async () => {
  assert.equal(await read(), '');
});

async function nextText(iterator: AsyncIterator<LogChunk[]>): Promise<string> {
  const { value, done } = await iterator.next();
  return done ? '<end>' : textOf(value as LogChunk[]);
}

test('following sees new lines, several rotations, and ends with the container', { timeout: 10_000 }, async () => {
  writeFileSync(path, lines(0, 1));
  const ended = Promise.withResolvers<void>();
  const iterator = readLogs({ path, ended: ended.promise }, { ...all, follow: true })[Symbol.asyncIterator]();
  assert.equal(await nextText(iterator), 'line 0\n');
  const waiting = nextText(iterator);
  appendFileSync(path, line(1).slice(0, 20));
  appendFileSync(path, line(1).slice(20));
  assert.equal(await waiting, 'line 1\n');
  appendFileSync(path, line(2));
  renameSync(path, `${path}.1`);
  writeFileSync(path, line(3));
  renameSync(`${path}.1`, `${path}.2`);
  renameSync(path, `${path}.1`);
  writeFileSync(path, line(4));
  assert.equal(await nextText(iterator), 'line 2\n');
  assert.equal(await nextText(iterator), 'line 3\n');
  assert.equal(await nextText(iterator), 'line 4\n');
  const last = nextText(iterator);
  appendFileSync(path, line(5));
  ended.resolve();
  assert.equal(await last, 'line 5\n');
  assert.equal(await nextText(iterator), '<end>');
  assert.equal(openDescriptors(), 0);
});

test('following ends when the client goes, and a log may appear late', { timeout: 10_000 }, async () => {
  const controller = new AbortController();
  const never = new Promise<void>(() => {});
  const opts = { ...all, follow: true, signal: controller.signal };
  const iterator = readLogs({ path, ended: never }, opts)[Symbol.asyncIterator]();
  const first = nextText(iterator);
  writeFileSync(path, line(7));
  assert.equal(await first, 'line 7\n');
  const pending = nextText(iterator);
  controller.abort();
  assert.equal(await pending, '<end>');
});

function openDescriptors(): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkTarget(fd).startsWith(dir);
    } catch {
      return false; // the descriptor of the listing itself
    }
  }).length;
}

function readlinkTarget(fd: string): string {
  return process.getBuiltinModule('node:fs').readlinkSync(`/proc/self/fd/${fd}`);
}

test('times keep nine digits both ways', () => {
  assert.equal(formatTime(parseTime('2024-02-29T23:59:59.000000001Z')!), '2024-02-29T23:59:59.000000001Z');
  assert.equal(parseTime('2024-01-01 00:00:00'), undefined);
});

test('log options are checked with Docker words', () => {
  assert.deepEqual(logWriterConfig({}), {
    format: 'json-file',
    maxSizeBytes: 20_000_000,
    maxFiles: 5,
    compress: false,
  });
  assert.deepEqual(logWriterConfig({ Config: { 'max-size': '-1' } }), {
    format: 'json-file',
    maxSizeBytes: -1,
    maxFiles: 1,
    compress: false,
  });
  assert.deepEqual(logWriterConfig({ Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } }), {
    format: 'json-file',
    maxSizeBytes: 10_000_000,
    maxFiles: 3,
    compress: false,
  });
  assert.equal(logWriterConfig({ Config: { compress: 'true' } })?.compress, true);
  assert.equal(logWriterConfig({ Type: 'local' })?.compress, true);
  const cache = (Config: Record<string, string>) => {
    const { maxSizeBytes, maxFiles, compress } = logWriterConfig({ Type: 'journald', Config })!;
    return [maxSizeBytes, maxFiles, compress];
  };
  assert.deepEqual(cache({}), [20e6, 5, true]);
  assert.deepEqual(cache({ 'cache-max-size': '1k', 'cache-max-file': '3', 'cache-compress': 'false' }), [
    1000,
    3,
    false,
  ]);
  assert.deepEqual(cache({ 'cache-max-file': '1' }), [20e6, 1, false]);
  const buffer = (Config: Record<string, string>, Type = 'json-file') =>
    logWriterConfig({ Type, Config: { mode: 'non-blocking', ...Config } })?.maxBufferBytes;
  assert.equal(buffer({}), 1_000_000);
  assert.equal(buffer({ 'max-buffer-size': '4m' }), 4 << 20);
  assert.equal(buffer({ 'max-buffer-size': '0' }, 'local'), 0);
  assert.equal(buffer({}, 'journald'), 1_000_000);
  assert.equal(logWriterConfig({ Config: { mode: 'blocking' } })?.maxBufferBytes, undefined);
  assert.equal(logWriterConfig({ Type: 'none' }), undefined);
  assert.deepEqual(logWriterConfig({ Type: 'local', Config: { 'max-size': '1m', compress: 'false' } }), {
    format: 'local',
    maxSizeBytes: 1_000_000,
    maxFiles: 5,
    compress: false,
  });
  const rows: [string, Record<string, string>, RegExp][] = [
    ['json-file', { 'max-sizes': '1' }, /^unknown log opt 'max-sizes' for json-file log driver$/],
    ['json-file', { 'max-file': '0', 'max-size': '1k' }, /max-file cannot be less than 1/],
    ['json-file', { 'max-size': 'big' }, /invalid max-size: 'big'/],
    [
      'json-file',
      { compress: 'true', 'max-size': '1k' },
      /^compress cannot be true when max-file is less than 2 or max-si/,
    ],
    ['local', { 'max-file': '1' }, /^compression cannot be enabled when max file count is 1$/],
    ['local', { compress: 'x' }, /^error reading compress log option: strconv.ParseBool: parsing "x": invalid syntax$/],
    [
      'gelf',
      { 'gelf-address': 'udp://127.0.0.1:1', 'cache-disabled': 'x' },
      /^invalid value for option cache-disabled: x$/,
    ],
    [
      'json-file',
      { 'max-buffer-size': '1m' },
      /^logger: max-buffer-size option is only supported with 'mode=non-blocking'$/,
    ],
    [
      'local',
      { mode: 'non-blocking', 'max-buffer-size': 'x' },
      /^error parsing option max-buffer-size: invalid size: 'x'$/,
    ],
    ['local', { mode: 'perhaps' }, /^logger: logging mode not supported: perhaps$/],
    ['json-file', { compress: 'perhaps' }, /^strconv.ParseBool: parsing "perhaps": invalid syntax$/],
    ['local', { tag: 'x' }, /^unknown log opt 'tag' for log driver local$/],
    ['journald', { 'cache-max-size': 'x' }, /^invalid cache-max-size: 'x'$/],
    ['journald', { 'cache-max-file': '0' }, /^cache-max-file cannot be less than 1$/],
    ['journald', { 'cache-compress': 'x' }, /^error reading cache-compress log option: strconv.ParseBool: parsing "x"/],
    ['splunk', {}, /^logger: log driver 'splunk' is not supported yet by this engine$/],
    ['journald', { foo: 'bar' }, /^unknown log opt 'foo' for journald log driver$/],
    ['constructor', {}, /^logger: no log driver named 'constructor' is registered$/],
    ['nosuch', {}, /^logger: no log driver named 'nosuch' is registered$/],
  ];
  for (const [Type, Config, message] of rows)
    assert.throws(() => logWriterConfig({ Type, Config } as never), { message });
});
