import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { logWriterConfig } from '../../../../../packages/daemon/src/logging/drivers.ts';
import { fluentdDriver } from '../../../../../packages/daemon/src/logging/forward/fluentd.ts';
import type { LogInfo } from '../../../../../packages/daemon/src/logging/log-info.ts';
import type { LogRecord } from '../../../../../packages/daemon/src/logging/log-record.ts';
import { eventually } from '../../../../support/eventually.ts';
import { logHost } from '../../../../support/log-host.ts';

const info = {
  id: 'c'.repeat(64),
  name: 'web',
  env: ['E=f'],
  labels: {},
  args: [],
  path: 'sh',
  imageId: '',
} as unknown as LogInfo;
const record = (text: string): LogRecord => ({ stream: 1, text, time: 1_704_164_645_000_000_007n, attrs: {} });

async function received(options: Record<string, string>, text: string, part?: LogRecord['part']): Promise<Buffer> {
  const directory = mkdtempSync(join(tmpdir(), 'tsd-fluentd-'));
  const parts: Buffer[] = [];
  const server = createServer((socket) => socket.on('data', (data) => parts.push(data)));
  server.listen(join(directory, 'socket'));
  await once(server, 'listening');
  try {
    const log = await fluentdDriver.open(
      { 'fluentd-address': `unix://${directory}/socket`, ...options },
      info,
      logHost(),
    );
    await log.send([{ ...record(text), ...(part && { part }) }]);
    // The text is the last thing in a message.
    await eventually(() => Buffer.concat(parts).toString('latin1').endsWith(text.trim()), 30_000);
    log.close();
    return Buffer.concat(parts);
  } finally {
    server.close();
    rmSync(directory, { recursive: true });
  }
}

const packed = (...parts: (number[] | string)[]) =>
  Buffer.concat(parts.map((part) => Buffer.from(part as string, 'latin1')));

test('a record is a message of the forward protocol', async () => {
  const id = packed([0xd9, 64], info.id);
  const fields = packed([0xac], 'container_id', id.toString('latin1'), [0xae], 'container_name', [0xa4], '/web');
  const tail = (log: Buffer) =>
    packed([0xa1], 'E', [0xa1], 'f', [0xa6], 'source', [0xa6], 'stdout', [0xa3], 'log', log.toString('latin1'));
  const seconds = [0x65, 0x93, 0x7d, 0x25];
  assert.deepEqual(
    await received({ env: 'E', tag: 'docker.{{.Name}}' }, 'hi\n'),
    Buffer.concat([packed([0x93, 0xaa], 'docker.web', [0xce, ...seconds, 0x85]), fields, tail(packed([0xa2], 'hi'))]),
  );
  assert.deepEqual(
    await received({ env: 'E', tag: 't', 'fluentd-sub-second-precision': 'true' }, 'y'.repeat(300)),
    Buffer.concat([
      packed([0x93, 0xa1], 't', [0xd7, 0, ...seconds, 0, 0, 0, 7, 0x85]),
      fields,
      tail(packed([0xda, 1, 44], 'y'.repeat(300))),
    ]),
  );
});

test('a part of a long line says which', async () => {
  const message = await received({}, 'rest\n', { id: 'pid', ordinal: 2, last: true });
  const expected = packed([0xaf], 'partial_message', [0xa4], 'true', [0xaa], 'partial_id', [0xa3], 'pid');
  assert.ok(message.includes(expected));
  assert.ok(message.includes(packed([0xaf], 'partial_ordinal', [0xa1], '2', [0xac], 'partial_last', [0xa4], 'true')));
});

test('bad options are refused', () => {
  const rows: [Record<string, string>, RegExp][] = [
    [{ 'fluentd-address': 'http://h' }, /^unsupported scheme: 'http'$/],
    [{ 'fluentd-sub-second-precision': 'x' }, /^strconv.ParseBool: parsing "x": invalid syntax$/],
    [{ 'fluentd-request-ack': 'true' }, /^log opt 'fluentd-request-ack' is not supported by this engine/],
    [{ nope: '' }, /^unknown log opt 'nope' for fluentd log driver$/],
  ];
  for (const [Config, message] of rows) assert.throws(() => logWriterConfig({ Type: 'fluentd', Config }), { message });
  assert.deepEqual(logWriterConfig({ Type: 'fluentd' }), {
    format: 'local',
    maxSizeBytes: 20_000_000,
    maxFiles: 5,
    compress: true,
  });
});
