/**
 * What every log driver does: the order of lines, parts of long ones, any bytes, both streams, `logs` with its options
 * over rotated and compressed files, all of that over kill -9 of the daemon; and those that send away, over receivers
 * that do not read or are not there.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { debianArchive } from '../support/base-image.ts';
import { type DatagramReceiver, startDatagramReceiver } from '../support/datagram-receiver.ts';
import { type Engine, startTsdockerd } from '../support/engines.ts';
import { eventually } from '../support/eventually.ts';
import { clientsOf, type LogReceiver, startLogReceiver } from '../support/log-receiver.ts';
import { unpackAll } from '../support/msgpack.ts';
import { missing } from '../support/program.ts';

const STEP = 2000;
const LAST = 3 * STEP;
const LONG = 40_000;
const SCRIPT = [
  `exec 3</shared/$NAME; echo err >&2; head -c ${LONG} /dev/zero | tr '\\0' x; echo; printf 'b\\377\\n'`,
  `for n in 1 2 3; do seq $((n * ${STEP} - ${STEP} + 1)) $((n * ${STEP})); read line <&3; done`,
].join('; ');

interface Row {
  options: Record<string, string>;
  /** What the receiver has of each message, in order. */
  texts?: () => string[];
}

/** Of the lines that are one. A batch that was under way when the daemon was killed may come twice. */
const numbersOf = (texts: string[]) => [...new Set(texts.filter((text) => /^\d+$/.test(text)).map(Number))];

function assertCounts(numbers: number[], first: number, last = LAST): void {
  const wrong = numbers.findIndex((n, i) => n !== first + i);
  assert.deepEqual([wrong, numbers.length], [-1, last - first + 1], `number ${wrong} is ${numbers[wrong]}`);
}

describe('every log driver', { skip: missing({ root: true, programs: ['openssl', 'python3', 'mkfifo'] }) }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'tsd-log-conformance-'));
  const streams: Record<string, { receivers: LogReceiver[]; port: number }> = {};
  const gates: number[] = [];
  let datagrams: Record<string, DatagramReceiver> = {};
  let engine: Engine;
  let rows: Record<string, Row>;
  const cert = join(directory, 'cert.pem');
  const key = join(directory, 'key.pem');

  const tlsOf = (name: string) => (name === 'tls' ? { cert: readFileSync(cert), key: readFileSync(key) } : undefined);
  async function listen(name: string): Promise<void> {
    const receiver = await startLogReceiver(streams[name]?.port ?? 0, tlsOf(name));
    streams[name] ??= { receivers: [], port: receiver.port };
    streams[name].receivers.push(receiver);
  }
  const bytesOf = (name: string) => streams[name]!.receivers.flatMap((receiver) => receiver.bytes());
  const address = (name: string, protocol = 'tcp') => `${protocol}://127.0.0.1:${streams[name]!.port}`;
  const syslogText = (line: string) => line.replace(/^.*?\]: /s, '');
  const entryText = (entry: Buffer) => /^MESSAGE=(.*)$/m.exec(entry.toString('latin1'))?.[1] ?? '';
  const gelfText = (message: string) => (JSON.parse(message) as { short_message: string }).short_message;

  before(async () => {
    const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
    const made = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
    execFileSync('openssl', ['req', '-x509', ...made, ...subject, '-keyout', key, '-out', cert], { stdio: 'pipe' });
    for (const name of ['tcp', 'tls', 'gelf', 'fluentd']) await listen(name);
    datagrams = {
      syslog: await startDatagramReceiver(join(directory, 'log')),
      journal: await startDatagramReceiver(join(directory, 'journal')),
    };
    const { syslog, journal } = datagrams as { syslog: DatagramReceiver; journal: DatagramReceiver };
    const lines = (name: string) => streams[name]!.receivers.flatMap((receiver) => receiver.lines());
    const rotated = { 'max-size': '50k', 'max-file': '40', compress: 'true' };
    const sent = { 'cache-max-size': '50k', 'cache-max-file': '40' };
    rows = {
      'json-file': { options: rotated },
      local: { options: { ...rotated, mode: 'non-blocking' } },
      'syslog-tcp': {
        options: { ...sent, 'syslog-address': address('tcp'), mode: 'non-blocking' },
        texts: () => lines('tcp').map(syslogText),
      },
      'syslog-tls': {
        options: { ...sent, 'syslog-address': address('tls', 'tcp+tls'), 'syslog-tls-ca-cert': cert },
        texts: () => lines('tls').map(syslogText),
      },
      'syslog-unixgram': {
        options: { ...sent, 'syslog-address': `unixgram://${join(directory, 'log')}` },
        texts: () => syslog.messages.map(({ data }) => syslogText(data.toString('latin1').trimEnd())),
      },
      journald: { options: sent, texts: () => journal.messages.map(({ data }) => entryText(data)) },
      gelf: {
        options: { ...sent, 'gelf-address': address('gelf') },
        texts: () => bytesOf('gelf').flatMap((all) => all.toString().split('\0').slice(0, -1).map(gelfText)),
      },
      fluentd: {
        options: { ...sent, 'fluentd-address': address('fluentd').slice('tcp://'.length) },
        texts: () =>
          bytesOf('fluentd').flatMap((all) =>
            unpackAll(all).map((m) => (m as [string, number, { log: string }])[2].log),
          ),
      },
    };
    process.env['TSDOCKER_JOURNAL_SOCKET'] = join(directory, 'journal');
    engine = await startTsdockerd();
    await engine.ok(['import', await debianArchive(), 'base:test']);
  });
  after(async () => {
    delete process.env['TSDOCKER_JOURNAL_SOCKET'];
    await engine.dispose();
    for (const gate of gates) closeSync(gate);
    const receivers = Object.values(streams).flatMap((stream) => stream.receivers);
    await Promise.allSettled([...receivers, ...Object.values(datagrams)].map((receiver) => receiver.close()));
    rmSync(directory, { recursive: true });
  });

  const each = (act: (name: string, row: Row) => Promise<void>) =>
    Promise.all(Object.entries(rows).map(([name, row]) => act(name, row)));
  const go = () => {
    for (const gate of gates) writeSync(gate, '\n');
  };
  const readable = (count: number) =>
    each(async (name) => {
      await eventually(async () => {
        assert.equal(await engine.ok(['logs', '--tail', '1', name]), String(count), name);
      }, 60_000);
    });

  test('keeps every line, and sends every line', { timeout: 180_000 }, async () => {
    await each(async (name, { options }) => {
      execFileSync('mkfifo', [join(directory, name)]);
      // Open both ways, so that neither side waits for the other to open it.
      gates.push(openSync(join(directory, name), 'r+'));
      const logging = Object.entries(options).flatMap(([option, value]) => ['--log-opt', `${option}=${value}`]);
      const place = ['--network', 'none', '-v', `${directory}:/shared`, '-e', `NAME=${name}`, '--name', name];
      const driver = ['--log-driver', name.replace(/^syslog-.*/, 'syslog'), ...logging];
      await engine.ok(['run', '-d', ...place, ...driver, 'base:test', 'sh', '-c', SCRIPT]);
    });
    // Two receivers do not read yet: nobody waits for them.
    await readable(STEP);
    await engine.kill9();
    for (const receiver of Object.values(datagrams)) receiver.read();
    go();
    await engine.start();
    await readable(2 * STEP);

    const follows = each(async (name) => {
      const { stdout, stderr } = await engine.cli(['logs', '-f', name]);
      assert.equal(stderr, 'err\n', name);
      const [long, binary, ...numbers] = stdout.trimEnd().split('\n');
      assert.equal(long, 'x'.repeat(LONG), name);
      assert.match(binary!, /^b.+$/, name);
      assertCounts(numbers.map(Number), 1);
    });
    await each(async (_, { texts }) => {
      if (texts) await eventually(() => assert.ok(numbersOf(texts()).includes(2 * STEP)), 60_000);
    });
    for (const { receivers, port } of Object.values(streams)) {
      await receivers[0]!.close();
      await eventually(() => clientsOf(port) === 0, 60_000);
    }
    go();
    await readable(LAST);
    await Promise.all(Object.keys(streams).map((name) => listen(name)));
    go();
    await follows;
    await each(async (name, { texts }) => {
      if (!texts) return;
      await eventually(() => assert.ok(numbersOf(texts()).includes(LAST)), 60_000);
      assertCounts(numbersOf(texts()), 1);
      assert.ok(texts().includes('err'), name);
      assert.ok(texts().includes('x'.repeat(LONG % (16 << 10))), name);
    });
  });

  test('shows the end, and what came since', { timeout: 120_000 }, async () => {
    await each(async (name) => {
      const tail = async (count: number) => (await engine.ok(['logs', '--tail', String(count), name])).split('\n');
      for (const count of [1, 1500, 5000]) assertCounts((await tail(count)).map(Number), LAST + 1 - count);
      const [, since, first] = /^(\S+) (\d+)$/m.exec(await engine.ok(['logs', '-t', '--tail', '4100', name])) ?? [];
      const shown = (await engine.ok(['logs', '--since', since!, name])).split('\n').map(Number);
      // Lines before it may have its time.
      assert.ok(shown.length >= 4100 && shown[0]! <= Number(first), name);
      assertCounts(shown, shown[0]!);
    });
  });
});
