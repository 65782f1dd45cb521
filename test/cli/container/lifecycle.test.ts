import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runCli } from '../../support/fake-cli.ts';

const missing = { status: 404, body: { message: 'No such container: nosuch' } };
const answers = {
  'POST /containers/one/stop': { status: 204 },
  'POST /containers/nosuch/stop': missing,
  'POST /containers/one/restart': { status: 204 },
  'POST /containers/one/kill': { status: 204 },
  'POST /containers/one/pause': { status: 204 },
  'POST /containers/one/unpause': { status: 204 },
  'POST /containers/one/rename': { status: 204 },
  'POST /containers/one/wait': { body: { StatusCode: 7 } },
  'POST /containers/one/update': { body: { Warnings: null } },
  'DELETE /containers/one': { status: 204 },
  'DELETE /containers/nosuch': missing,
};

const rows: { line: string; requests: string[]; stdout?: string; stderr?: string; code?: number }[] = [
  { line: 'stop one', requests: ['POST /containers/one/stop'], stdout: 'one\n' },
  { line: 'stop -t 0 -s INT one', requests: ['POST /containers/one/stop?signal=INT&t=0'], stdout: 'one\n' },
  { line: 'stop -t -1 one', requests: ['POST /containers/one/stop?t=-1'], stdout: 'one\n' },
  {
    line: 'stop --time 3 one',
    requests: ['POST /containers/one/stop?t=3'],
    stdout: 'Flag --time has been deprecated, use --timeout instead\none\n',
  },
  {
    line: 'stop nosuch one',
    requests: ['POST /containers/nosuch/stop', 'POST /containers/one/stop'],
    stdout: 'one\n',
    stderr: 'Error response from daemon: No such container: nosuch\n',
    code: 1,
  },
  { line: 'restart one', requests: ['POST /containers/one/restart'], stdout: 'one\n' },
  { line: 'kill one', requests: ['POST /containers/one/kill'], stdout: 'one\n' },
  { line: 'kill -s HUP one', requests: ['POST /containers/one/kill?signal=HUP'], stdout: 'one\n' },
  { line: 'pause one', requests: ['POST /containers/one/pause'], stdout: 'one\n' },
  { line: 'unpause one', requests: ['POST /containers/one/unpause'], stdout: 'one\n' },
  { line: 'rename one two', requests: ['POST /containers/one/rename?name=two'] },
  { line: 'wait one', requests: ['POST /containers/one/wait?condition=not-running'], stdout: '7\n' },
  { line: 'rm -fv /one', requests: ['DELETE /containers/one?force=1&v=1'], stdout: '/one\n' },
  {
    line: 'rm nosuch',
    requests: ['DELETE /containers/nosuch'],
    stderr: 'Error response from daemon: No such container: nosuch\n',
    code: 1,
  },
  {
    line: 'rm -f nosuch',
    requests: ['DELETE /containers/nosuch?force=1'],
    stderr: 'Error response from daemon: No such container: nosuch\n',
  },
  { line: 'update', requests: [], code: 1 },
  { line: 'update one', requests: [], stderr: 'you must provide one or more flags when using this command\n', code: 1 },
];
for (const { line, requests, stdout = '', stderr, code = 0 } of rows) {
  test(line, async () => {
    const result = await runCli(line, { answers });
    assert.deepEqual([result.exitCode, result.client.lines, result.stdout], [code, requests, stdout]);
    if (stderr !== undefined || code === 0) assert.equal(result.stderr, stderr ?? '');
  });
}

test('update sends only what was given', async () => {
  const { client, stdout } = await runCli('update -m 100m --memory-swap -1 --cpus 1.5 --restart on-failure:3 one', {
    answers,
  });
  assert.equal(stdout, 'one\n');
  assert.deepEqual(client.requests[0]?.body, {
    Memory: 104857600,
    MemorySwap: -1,
    NanoCpus: 1.5e9,
    RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 3 },
  });
});
