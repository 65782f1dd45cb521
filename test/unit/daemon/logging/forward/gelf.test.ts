import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { hostname } from 'node:os';
import { test } from 'node:test';
import { gunzipSync, inflateSync } from 'node:zlib';
import { logWriterConfig } from '../../../../../packages/daemon/src/logging/drivers.ts';
import { gelfDriver } from '../../../../../packages/daemon/src/logging/forward/gelf.ts';
import type { LogRecord } from '../../../../../packages/daemon/src/logging/log-record.ts';
import { eventually } from '../../../../support/eventually.ts';
import { logHost } from '../../../../support/log-host.ts';
import { LOG_INFO } from '../../../../support/log-info.ts';

const info = { ...LOG_INFO, args: ['-c', 'x'], created: '2024-01-01T00:00:00Z', labels: { a: 'b' } };
const record = (text: string, stream: 1 | 2 = 1): LogRecord => ({
  stream,
  text,
  time: 1_704_164_645_123_456_789n,
  attrs: {},
});

async function datagrams(options: Record<string, string>, records: LogRecord[], count: number): Promise<Buffer[]> {
  const socket = createSocket('udp4');
  const received: Buffer[] = [];
  socket.on('message', (message) => received.push(message));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  try {
    const address = `udp://127.0.0.1:${socket.address().port}`;
    const log = await gelfDriver.open({ 'gelf-address': address, ...options }, info, logHost());
    await log.send(records);
    await eventually(() => received.length === count, 30_000);
    log.close();
    return received;
  } finally {
    socket.close();
  }
}

test('a record is one message with what docker says about its container', async () => {
  const [message] = await datagrams({ labels: 'a', tag: '{{.Name}}' }, [record('\n'), record('err\n', 2)], 1);
  assert.deepEqual(JSON.parse(gunzipSync(message!).toString()), {
    version: '1.1',
    host: hostname(),
    short_message: 'err',
    timestamp: 1_704_164_645.123,
    level: 3,
    _container_id: info.id,
    _container_name: 'web',
    _image_id: 'sha256:ab',
    _image_name: 'base:test',
    _command: 'sh -c x',
    _tag: 'web',
    _created: info.created,
    _a: 'b',
  });
});

test('compression is what was asked for, and long messages go in numbered chunks', async () => {
  const [zlib] = await datagrams(
    { 'gelf-compression-type': 'zlib', 'gelf-compression-level': '9' },
    [record('hi\n')],
    1,
  );
  assert.equal(JSON.parse(inflateSync(zlib!).toString()).short_message, 'hi');
  const chunks = await datagrams({ 'gelf-compression-type': 'none' }, [record('x'.repeat(3000))], 3);
  chunks.sort((a, b) => a[10]! - b[10]!);
  assert.deepEqual(
    chunks.map((chunk) => [chunk[0], chunk[1], chunk[10], chunk[11]]),
    [0, 1, 2].map((n) => [0x1e, 0x0f, n, 3]),
  );
  assert.equal(new Set(chunks.map((chunk) => chunk.toString('hex', 2, 10))).size, 1);
  const whole = Buffer.concat(chunks.map((chunk) => chunk.subarray(12))).toString();
  assert.equal(JSON.parse(whole).short_message, 'x'.repeat(3000));
});

test('bad options are refused in the words of docker', () => {
  const udp = 'udp://h:1';
  const rows: [Record<string, string>, RegExp][] = [
    [{}, /^gelf-address is a required parameter$/],
    [{ 'gelf-address': 'http://h:1' }, /^gelf-address should be in form proto:\/\/address, got http:\/\/h:1$/],
    [{ 'gelf-address': 'udp://h' }, /^gelf: please provide gelf-address as proto:\/\/host:port$/],
    [
      { 'gelf-address': udp, 'gelf-compression-level': '10' },
      /^unknown value "10" for log opt "gelf-compression-level" for gelf log driver$/,
    ],
    [{ 'gelf-address': 'tcp://h:1', 'gelf-compression-type': 'none' }, /^compression is only supported on UDP$/],
    [{ 'gelf-address': udp, 'gelf-tcp-max-reconnect': '1' }, /^"gelf-tcp-max-reconnect" is only valid for TCP$/],
    [{ 'gelf-address': udp, nope: '' }, /^unknown log opt "nope" for gelf log driver$/],
  ];
  for (const [Config, message] of rows) assert.throws(() => logWriterConfig({ Type: 'gelf', Config }), { message });
});
