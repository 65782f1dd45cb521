import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runCli } from '../../support/fake-cli.ts';

const now = Math.trunc(Date.now() / 1000);
const CONTAINERS = [
  {
    Id: 'a'.repeat(64),
    Names: ['/web', '/other/alias'],
    Image: `nginx:1@sha256:${'b'.repeat(64)}`,
    ImageID: `sha256:${'c'.repeat(64)}`,
    Command: 'nginx -g daemon off; and more',
    Created: now - 7200,
    Ports: [{ IP: '0.0.0.0', PrivatePort: 80, PublicPort: 8080, Type: 'tcp' }],
    State: 'running',
    Status: 'Up 2 hours (healthy)',
    Labels: { b: '2', a: '1' },
    Mounts: [{ Type: 'volume', Name: 'd'.repeat(64), Driver: 'local' }],
    NetworkSettings: { Networks: { bridge: {} } },
  },
];
const answers = { 'GET /containers/json': { body: CONTAINERS } };

test('ps prints the default table', async () => {
  const { stdout, client } = await runCli('ps', { answers });
  assert.equal(
    stdout,
    [
      'CONTAINER ID   IMAGE     COMMAND                  CREATED       STATUS                 PORTS                  NAMES',
      'aaaaaaaaaaaa   nginx:1   "nginx -g daemon off…"   2 hours ago   Up 2 hours (healthy)   0.0.0.0:8080->80/tcp   web',
      '',
    ].join('\n'),
  );
  assert.deepEqual(client.lines, ['GET /containers/json']);
});

const requests: [line: string, request: string][] = [
  ['ps -a', 'all=1'],
  ['ps -l', 'limit=1'],
  ['ps -n 4 -s', 'limit=4&size=1'],
  ['ps -f status=exited -f status=dead -f Name=x', 'filters={"status":{"exited":true,"dead":true},"name":{"x":true}}'],
  ['ps --format {{.Size}}', 'size=1'],
];
for (const [line, query] of requests) {
  test(`${line} asks with ${query}`, async () => {
    const { client } = await runCli(line, { answers });
    assert.deepEqual(client.lines, [`GET /containers/json?${query}`]);
  });
}

const outputs: [args: string[], stdout: string][] = [
  [['-q'], 'aaaaaaaaaaaa\n'],
  [['-q', '--no-trunc'], `${'a'.repeat(64)}\n`],
  [['--format', '{{.ID}}\\t{{.Label "a"}}'], 'aaaaaaaaaaaa\t1\n'],
  [['--format', 'table {{.Names}}\\t{{.Labels}}'], 'NAMES     LABELS\nweb       a=1,b=2\n'],
  [
    ['--format', 'table {{.Names}}\\t{{.Label "com.my-a"}}\\t{{.Label "a"}}'],
    'NAMES     my a      a\nweb                 1\n',
  ],
  [['--no-trunc', '--format', '{{.Names}}'], 'web,other/alias\n'],
  [['--format', '{{.Mounts}} {{.LocalVolumes}} {{.Networks}} {{.State}}'], 'dddddddddddddd… 1 bridge running\n'],
];
for (const [args, stdout] of outputs) {
  test(`ps ${args.join(' ')}`, async () => assert.equal((await runCli(['ps', ...args], { answers })).stdout, stdout));
}

test('psFormat of config.json is used, --format and -q go before it', async () => {
  const config = { psFormat: '{{.Names}}' };
  assert.equal((await runCli('ps', { answers, config })).stdout, 'web\n');
  assert.equal((await runCli('ps -q', { answers, config })).stdout, 'aaaaaaaaaaaa\n');
  assert.equal((await runCli('ps --format {{.State}}', { answers, config })).stdout, 'running\n');
});

test('a template that fails ends with 1 and the words of docker', async () => {
  const { exitCode, stderr } = await runCli('ps --format {{.Nope}}', { answers });
  assert.equal(exitCode, 1);
  assert.equal(
    stderr,
    'failed to execute template: template: :1:2: executing "" at <.Nope>: can\'t evaluate field Nope in type *formatter.ContainerContext\n',
  );
});
