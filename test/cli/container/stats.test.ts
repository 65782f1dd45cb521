import assert from 'node:assert/strict';
import { PassThrough, Readable } from 'node:stream';
import { test } from 'node:test';
import { Board } from '../../../packages/cli/src/commands/container/stats-board.ts';
import { eventually } from '../../support/eventually.ts';
import { runCli } from '../../support/fake-cli.ts';
import { FakeClient } from '../../support/fake-client.ts';

const idOf = (letter: string): string => letter.repeat(64);
const sample = (letter: string, more: object = {}): object => ({
  id: idOf(letter),
  name: `/${letter}`,
  cpu_stats: { cpu_usage: { total_usage: 300 }, system_cpu_usage: 2000, online_cpus: 2 },
  precpu_stats: { cpu_usage: { total_usage: 100 }, system_cpu_usage: 1000 },
  memory_stats: { usage: 3 << 20, limit: 10 << 20, stats: { total_inactive_file: 1 << 20 } },
  networks: { eth0: { rx_bytes: 1500, tx_bytes: 10 }, eth1: { rx_bytes: 500, tx_bytes: 5 } },
  blkio_stats: {
    io_service_bytes_recursive: [
      { op: 'Read', value: 4096 },
      { op: 'Write', value: 1 },
    ],
  },
  pids_stats: { current: 7 },
  ...more,
});
const line = (object: object): string => `${JSON.stringify(object)}\n`;
const lines = (text: string): string[] => text.split('\n').filter(Boolean);
const NAMES = { format: '{{.Name}} {{.PIDs}}', truncate: true };

test('stats --no-stream: the columns and the arithmetic', async () => {
  const answers = { 'GET /containers/a/stats': { body: sample('a') } };
  const { stdout, client } = await runCli('stats --no-stream a', { answers });
  assert.equal(
    stdout,
    [
      'CONTAINER ID   NAME      CPU %     MEM USAGE / LIMIT   MEM %     NET I/O     BLOCK I/O    PIDS',
      'aaaaaaaaaaaa   a         40.00%    2MiB / 10MiB        20.00%    2kB / 15B   4.1kB / 1B   7',
      '',
    ].join('\n'),
  );
  assert.deepEqual(client.lines, ['GET /containers/a/stats?stream=0']);
});

test('stats --no-stream of all: one that went between is left out, one that was named is an error', async () => {
  const answers = {
    'GET /containers/json': { body: [{ Id: idOf('a') }, { Id: idOf('b') }] },
    [`GET /containers/${'a'.repeat(12)}/stats`]: { body: sample('a') },
    [`GET /containers/${'b'.repeat(12)}/stats`]: { status: 404, body: { message: 'No such container: b' } },
  };
  const all = await runCli(['stats', '--no-stream', '--format', '{{.Name}}'], { answers });
  assert.equal(all.stdout, 'a\n');
  const named = await runCli(['stats', '--no-stream', 'a'.repeat(12), 'b'.repeat(12)], { answers });
  assert.match(named.stderr, /No such container: b/);
  assert.equal(named.exitCode, 1);
});

test('stats of named containers fails at once when one is not there', async () => {
  const endless = new PassThrough();
  endless.write(line(sample('a')));
  const answers = { 'GET /containers/a/stats': { body: endless } };
  const board = new Board(new FakeClient(answers), NAMES);
  await assert.rejects(board.followNamed(['a', 'b']), /no answer for GET \/containers\/b\/stats/);
});

/** Three containers, of which b and c come later; `say` is an event. */
function following(all: boolean) {
  const events = new PassThrough();
  const streams = Object.fromEntries(['a', 'b', 'c'].map((letter) => [letter, new PassThrough()]));
  const stats = Object.entries(streams).map(([letter, body]) => {
    body.write(line(sample(letter)));
    return [`GET /containers/${letter.repeat(12)}/stats`, { body }];
  });
  const listed = { 'GET /containers/json': { body: [{ Id: idOf('a') }] }, 'GET /events': { body: events } };
  const board = new Board(new FakeClient({ ...listed, ...Object.fromEntries(stats) }), NAMES);
  const say = (Action: string, letter: string) => events.write(line({ Action, Actor: { ID: idOf(letter) } }));
  const shows = (...names: string[]) =>
    eventually(() =>
      assert.deepEqual(
        lines(board.text()),
        names.map((name) => `${name} 7`),
      ),
    );
  return { board, say, shows, events, ended: board.followAll(all) };
}

test('stats of all: who starts appears, who dies or is removed goes, and the end of the events is the end', async () => {
  const { say, shows, events, ended } = following(false);
  await shows('a');
  say('create', 'b');
  say('start', 'c');
  await shows('a', 'c');
  say('die', 'a');
  await shows('c');
  say('destroy', 'c');
  await shows();
  events.end();
  await ended;
});

test('stats -a: who is made appears, and stays when it dies', async () => {
  const { say, shows, events, ended } = following(true);
  await shows('a');
  say('create', 'b');
  say('die', 'a');
  say('start', 'b');
  await shows('a', 'b');
  say('destroy', 'a');
  await shows('b');
  events.end();
  await ended;
});

test('a failing stream ends the command', async () => {
  const answers = {
    'GET /containers/json': { body: [{ Id: idOf('a') }] },
    'GET /events': { body: new PassThrough() },
    [`GET /containers/${'a'.repeat(12)}/stats`]: { body: Readable.from(['{not json\n']) },
  };
  await assert.rejects(new Board(new FakeClient(answers), NAMES).followAll(false));
});
