import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { frame } from '../../../packages/shared/src/stdcopy.ts';
import { runCli } from '../../support/fake-cli.ts';

const answers = (tty: boolean, chunks: Buffer[]) => ({
  'GET /containers/c/json': { body: { Id: 'full', Config: { Tty: tty } } },
  'GET /containers/full/logs': { body: Readable.from(chunks) },
});

test('logs takes framed streams apart, however they are cut', async () => {
  const bytes = Buffer.concat([
    frame(1, Buffer.from('out\n')),
    frame(2, Buffer.from('err\n')),
    frame(1, Buffer.from('more\n')),
  ]);
  const chunks = [...bytes].map((byte) => Buffer.from([byte]));
  const { stdout, stderr } = await runCli('logs c', { answers: answers(false, chunks) });
  assert.deepEqual([stdout, stderr], ['out\nmore\n', 'err\n']);
});

test('logs of a terminal are passed on as they are', async () => {
  const { stdout } = await runCli('logs c', { answers: answers(true, [Buffer.from('raw\r\n')]) });
  assert.equal(stdout, 'raw\r\n');
});

test('logs asks for what the flags say', async () => {
  const line = 'logs -f -t --details -n 5 --since 1700000000 --until 2023-11-14T22:13:20.5Z c';
  const { client } = await runCli(line, { answers: answers(true, []) });
  assert.equal(
    client.lines[1],
    'GET /containers/full/logs?stdout=1&stderr=1&follow=1&timestamps=1&details=1&tail=5&since=1700000000&until=1700000000.500000000',
  );
});

test('what is no time is refused before the daemon is asked for the log', async () => {
  for (const flag of ['since', 'until']) {
    const { stderr, client } = await runCli(`logs --${flag} foo c`, { answers: answers(true, []) });
    assert.match(
      stderr,
      new RegExp(`^invalid value for "${flag}": failed to parse value as time or duration: "foo"\n`),
    );
    assert.equal(client.lines.length, 1);
  }
});
