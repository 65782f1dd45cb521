import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runCli } from '../../support/fake-cli.ts';

const stream = (...messages: object[]) => ({
  'POST /images/create': { body: messages.map((m) => `${JSON.stringify(m)}\r\n`).join('') },
});
const LAYER = [
  { status: 'Pulling from library/x', id: 'latest' },
  { status: 'Pulling fs layer', progressDetail: {}, id: 'aaa' },
  { status: 'Pulling fs layer', progressDetail: {}, id: 'bbb' },
  { status: 'Downloading', progressDetail: { current: 500, total: 1000 }, id: 'aaa' },
  { status: 'Pull complete', progressDetail: {}, id: 'aaa' },
  { status: 'Status: Downloaded newer image for x:latest' },
];

test('pull without a terminal prints a line for each change of state', async () => {
  const { stdout, client } = await runCli('pull x', { answers: stream(...LAYER) });
  assert.equal(
    stdout,
    [
      'Using default tag: latest',
      'latest: Pulling from library/x',
      'aaa: Pulling fs layer',
      'bbb: Pulling fs layer',
      'aaa: Pull complete',
      'Status: Downloaded newer image for x:latest',
      'docker.io/library/x:latest',
      '',
    ].join('\n'),
  );
  assert.deepEqual(client.lines, ['POST /images/create?fromImage=x&tag=latest']);
});

test('pull on a terminal draws only the line that changed again', async () => {
  const { stdout } = await runCli('pull x:1', { answers: stream(...LAYER), terminal: { width: 120, height: 30 } });
  const bar = `[${'='.repeat(25)}>${' '.repeat(25)}]`;
  assert.ok(stdout.includes(`\x1b[2A\r\x1b[2Kaaa: Downloading ${bar}      500B/1kB\r\x1b[2B`), JSON.stringify(stdout));
  assert.ok(
    stdout.endsWith(
      '\x1b[2A\r\x1b[2Kaaa: Pull complete\r\x1b[2BStatus: Downloaded newer image for x:latest\ndocker.io/library/x:1\n',
    ),
  );
});

test('pull -q prints the name only', async () => {
  const { stdout } = await runCli('pull -q host:5000/a/b:1', { answers: stream(...LAYER) });
  assert.equal(stdout, 'host:5000/a/b:1\n');
});

test('an error in the stream is the error of the command', async () => {
  const answers = stream({ errorDetail: { message: 'manifest unknown' }, error: 'manifest unknown' });
  const { exitCode, stderr } = await runCli('pull x:1', { answers });
  assert.deepEqual([exitCode, stderr], [1, 'manifest unknown\n']);
});

test('credentials of the registry go along', async () => {
  const config = { auths: { 'host:5000': { auth: Buffer.from('me:se:cret').toString('base64') } } };
  const { client } = await runCli('pull host:5000/x:1', { answers: stream(), config });
  const header = client.requests[0]?.headers['X-Registry-Auth'] ?? '';
  assert.deepEqual(JSON.parse(Buffer.from(header, 'base64url').toString()), {
    username: 'me',
    password: 'se:cret',
    serveraddress: 'host:5000',
  });
});

test('pull refuses bad names and -a with a tag before it asks', async () => {
  const rows: [string, string][] = [
    ['pull Foo', 'invalid reference format: repository name (library/Foo) must be lowercase\n'],
    ['pull -a x:1', "tag can't be used with --all-tags/-a\n"],
  ];
  for (const [line, stderr] of rows) {
    const result = await runCli(line);
    assert.deepEqual([result.exitCode, result.stderr, result.client.lines], [1, stderr, []]);
  }
});
