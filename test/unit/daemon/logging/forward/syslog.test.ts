import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { logWriterConfig } from '../../../../../packages/daemon/src/logging/drivers.ts';
import { syslogDriver } from '../../../../../packages/daemon/src/logging/forward/syslog.ts';
import type { LogRecord } from '../../../../../packages/daemon/src/logging/log-record.ts';
import { startDatagramReceiver } from '../../../../support/datagram-receiver.ts';
import { eventually } from '../../../../support/eventually.ts';
import { logHost } from '../../../../support/log-host.ts';
import { LOG_INFO } from '../../../../support/log-info.ts';
import { startLogReceiver } from '../../../../support/log-receiver.ts';

const info = { ...LOG_INFO, labels: { a: 'b' } };
const time = BigInt(Date.UTC(2024, 0, 2, 3, 4, 5)) * 1_000_000n + 123_456_789n;
const record = (text: string, stream: 1 | 2 = 1): LogRecord => ({ stream, text: Buffer.from(text), time, attrs: {} });

async function sent(options: Record<string, string>): Promise<string[]> {
  const receiver = await startLogReceiver();
  try {
    const log = await syslogDriver.open(
      { 'syslog-address': `tcp://127.0.0.1:${receiver.port}`, ...options },
      info,
      logHost(),
    );
    await log.send([record('out\n'), record('\n'), record('err\n', 2)]);
    log.close();
    await eventually(() => receiver.lines().length === 2, 30_000);
    return receiver.lines();
  } finally {
    await receiver.close();
  }
}

test('formats, facilities, severities and tags are as docker writes them', async () => {
  const pid = process.pid;
  const stamp = '[A-Z][a-z]{2} [ 0-9]\\d \\d\\d:\\d\\d:05';
  const expectLines = (lines: string[], ...patterns: string[]) => {
    for (const [i, pattern] of patterns.entries()) assert.match(lines[i]!, new RegExp(`^${pattern}$`));
  };
  expectLines(
    await sent({}),
    `<30>${stamp} 0123456789ab\\[${pid}\\]: out`,
    `<27>${stamp} 0123456789ab\\[${pid}\\]: err`,
  );
  expectLines(
    await sent({ 'syslog-format': 'rfc3164', 'syslog-facility': 'local3', tag: '{{.Name}}' }),
    `<158>${stamp} ${hostname()} web\\[${pid}\\]: out`,
  );
  expectLines(
    await sent({
      'syslog-format': 'rfc5424',
      'syslog-facility': '1',
      tag: '{{(.ExtraAttributes nil).a}}',
      labels: 'a',
    }),
    `<14>1 2024-01-02T03:04:05Z ${hostname()} b ${pid} b - out`,
  );
  expectLines(
    await sent({ 'syslog-format': 'rfc5424micro' }),
    `<30>1 2024-01-02T03:04:05.123456Z ${hostname()} 0123456789ab ${pid} 0123456789ab - out`,
  );
});

test('the system log is found where it is, and unix datagrams hold one message each', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'tsd-syslog-'));
  const path = join(directory, 'log');
  const receiver = await startDatagramReceiver(path);
  try {
    receiver.read();
    const host = logHost({ syslogSockets: [join(directory, 'absent'), path] });
    for (const options of [{}, { 'syslog-address': `unixgram://${path}` }] as Record<string, string>[]) {
      const log = await syslogDriver.open(options, info, host);
      await log.send([record('one\n'), record('two\n', 2)]);
      log.close();
    }
    await eventually(() => receiver.messages.length === 4, 30_000);
    const texts = receiver.messages.map(({ data }) => data.toString());
    for (const [i, text] of texts.entries()) assert.match(text, i % 2 === 0 ? /^<30>.*: one\n$/ : /^<27>.*: two\n$/);
  } finally {
    await receiver.close();
    rmSync(directory, { recursive: true });
  }
  await assert.rejects(syslogDriver.open({}, info, logHost()), { message: 'Unix syslog delivery error' });
});

test('datagrams hold one message each', async () => {
  const socket = createSocket('udp4');
  const messages: string[] = [];
  socket.on('message', (message) => messages.push(message.toString()));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const log = await syslogDriver.open(
    { 'syslog-address': `udp://127.0.0.1:${socket.address().port}` },
    info,
    logHost(),
  );
  await log.send([record('one\n'), record('two\n')]);
  await eventually(() => messages.length === 2, 30_000);
  assert.match(messages.join(''), /: one\n.*: two\n$/);
  log.close();
  socket.close();
});

test('bad options are refused at create, an absent receiver at start', async () => {
  const rows: [Record<string, string>, RegExp][] = [
    [{ 'syslog-address': 'http://x' }, /^syslog-address should be in form proto:\/\/address, got http:\/\/x$/],
    [{ 'syslog-address': 'unix:///no/such' }, /^stat \/no\/such: no such file or directory$/],
    [{ 'syslog-facility': 'nope' }, /^invalid syslog facility$/],
    [{ 'syslog-facility': '24' }, /^invalid syslog facility$/],
    [{ 'syslog-format': 'nope' }, /^Invalid syslog format$/],
    [{ nope: '' }, /^unknown log opt 'nope' for syslog log driver$/],
  ];
  for (const [options, message] of rows) {
    const Config = { 'syslog-address': 'udp://127.0.0.1', ...options };
    assert.throws(() => logWriterConfig({ Type: 'syslog', Config }), { message, code: 'InvalidParameter' });
  }
  assert.ok(logWriterConfig({ Type: 'syslog' }));
  const Config = { 'syslog-address': 'udp://h', 'cache-max-size': '1m', 'cache-disabled': 'false' };
  assert.deepEqual(logWriterConfig({ Type: 'syslog', Config }), {
    format: 'local',
    maxSizeBytes: 1_000_000,
    maxFiles: 5,
    compress: true,
  });
  const receiver = await startLogReceiver();
  await receiver.close();
  const open = syslogDriver.open({ 'syslog-address': `tcp://127.0.0.1:${receiver.port}` }, info, logHost());
  await assert.rejects(open, { message: `dial tcp 127.0.0.1:${receiver.port}: connect: connection refused` });
});
