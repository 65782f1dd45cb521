// The entries are looked at as the journal's native protocol has them: systemd.io/JOURNAL_NATIVE_PROTOCOL.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { journaldDriver } from '../../../../../packages/daemon/src/logging/forward/journald.ts';
import type { LogRecord } from '../../../../../packages/daemon/src/logging/log-record.ts';
import { startDatagramReceiver } from '../../../../support/datagram-receiver.ts';
import { eventually } from '../../../../support/eventually.ts';
import { logHost } from '../../../../support/log-host.ts';
import { LOG_INFO } from '../../../../support/log-info.ts';

const directory = mkdtempSync(join(tmpdir(), 'tsd-journald-'));
after(() => rmSync(directory, { recursive: true }));

const info = { ...LOG_INFO, env: ['_hidden.one=two\nlines'], labels: { 'a.b-c': 'd' } };
const time = BigInt(Date.UTC(2024, 0, 2, 3, 4, 5)) * 1_000_000n + 123_456_789n;
const record = (text: string | Buffer, more: Partial<LogRecord> = {}): LogRecord => ({
  stream: 1,
  text: Buffer.from(text),
  time,
  attrs: {},
  ...more,
});

function fieldsOf(entry: Buffer): Record<string, string> {
  const fields: Record<string, string> = {};
  for (let at = 0; at < entry.length; ) {
    const line = entry.subarray(at, entry.indexOf(10, at));
    const equals = line.indexOf('=');
    if (equals >= 0) {
      fields[line.toString('latin1', 0, equals)] = line.toString('latin1', equals + 1);
      at += line.length + 1;
    } else {
      const start = at + line.length + 9;
      const length = Number(entry.readBigUInt64LE(start - 8));
      fields[line.toString('latin1')] = entry.toString('latin1', start, start + length);
      assert.equal(entry[start + length], 10);
      at = start + length + 1;
    }
  }
  return fields;
}

test('an entry has the fields of docker, whatever bytes a line has', async () => {
  const journalSocket = join(directory, 'fields');
  const receiver = await startDatagramReceiver(journalSocket);
  try {
    receiver.read();
    const options = { tag: '{{.Name}}', labels: 'a.b-c', env: '_hidden.one' };
    const log = await journaldDriver.open(options, info, logHost({ journalSocket }));
    const part = { id: 'f'.repeat(64), ordinal: 1, last: false };
    await log.send([
      record('out\n'),
      record(Buffer.from([0x66, 0x0a, 0xff, 0x00, 0x0a]), { stream: 2 }),
      record('x', { part }),
      record('y\n', { part: { ...part, ordinal: 2, last: true } }),
    ]);
    log.close();
    await eventually(() => receiver.messages.length === 4, 30_000);
    const [first, second, third, fourth] = receiver.messages.map(({ data }) => fieldsOf(data));
    const { CONTAINER_LOG_EPOCH, ...rest } = first!;
    assert.match(CONTAINER_LOG_EPOCH!, /^[0-9a-f]{64}$/);
    const common = {
      CONTAINER_ID: '0123456789ab',
      CONTAINER_ID_FULL: info.id,
      CONTAINER_NAME: 'web',
      CONTAINER_TAG: 'web',
      IMAGE_NAME: 'base:test',
      SYSLOG_IDENTIFIER: 'web',
      SYSLOG_TIMESTAMP: '2024-01-02T03:04:05.123456789Z',
      A_B_C: 'd',
      HIDDEN_ONE: 'two\nlines',
    };
    assert.deepEqual(rest, { MESSAGE: 'out', ...common, PRIORITY: '6', CONTAINER_LOG_ORDINAL: '1' });
    assert.deepEqual([second!['MESSAGE'], second!['PRIORITY']], ['f\n\xff\0', '3']);
    assert.equal(second!['CONTAINER_LOG_EPOCH'], CONTAINER_LOG_EPOCH);
    const parts = [third!, fourth!].map((fields) =>
      ['MESSAGE', 'ID', 'ORDINAL', 'LAST'].map(
        (name) => fields[name === 'MESSAGE' ? name : `CONTAINER_PARTIAL_${name}`],
      ),
    );
    assert.deepEqual(parts, [
      ['x', part.id, '1', 'false'],
      ['y', part.id, '2', 'true'],
    ]);
    assert.equal(third!['CONTAINER_PARTIAL_MESSAGE'], 'true');
    assert.ok(!('CONTAINER_PARTIAL_MESSAGE' in fourth!));
  } finally {
    await receiver.close();
  }
});

test('an entry that no datagram holds goes in a file, and a full queue is waited for', {
  timeout: 60_000,
}, async () => {
  const journalSocket = join(directory, 'large');
  const receiver = await startDatagramReceiver(journalSocket);
  try {
    const log = await journaldDriver.open({}, info, logHost({ journalSocket }));
    const count = 2000;
    const long = 'x'.repeat(8 << 20);
    const sent = log.send([record(`${long}\n`), ...Array.from({ length: count }, (_, i) => record(`${i}\n`))]);
    receiver.read();
    await sent;
    log.close();
    await eventually(() => receiver.messages.length === count + 1, 30_000);
    assert.ok(receiver.messages[0]!.inFile);
    const texts = receiver.messages.map(({ data }) => fieldsOf(data)['MESSAGE']);
    assert.ok(texts[0] === long);
    assert.deepEqual(
      texts.slice(1),
      Array.from({ length: count }, (_, i) => String(i)),
    );
  } finally {
    await receiver.close();
  }
});

test('a receiver that never reads keeps no descriptor once the log is closed, one that is gone is told', async () => {
  const journalSocket = join(directory, 'stuck');
  const receiver = await startDatagramReceiver(journalSocket);
  let closed = false;
  try {
    const log = await journaldDriver.open({}, info, logHost({ journalSocket }));
    const stuck = log.send(Array.from({ length: 100_000 }, () => record('x\n')));
    const rejected = assert.rejects(stuck, /connection closed|EPIPE|Broken pipe/i);
    log.close();
    await rejected;
    const second = await journaldDriver.open({}, info, logHost({ journalSocket }));
    await receiver.close();
    closed = true;
    await assert.rejects(second.send([record('x\n')]), { code: 'ECONNREFUSED' });
    second.close();
  } finally {
    if (!closed) await receiver.close();
  }
});

test('without a journal a start fails in the words of docker', async () => {
  await assert.rejects(journaldDriver.open({}, info, logHost()), { message: 'journald is not enabled on this host' });
});
