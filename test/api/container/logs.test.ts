import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogOptions } from '../../../packages/daemon/src/containers/service.types.ts';
import { frame } from '../../../packages/shared/src/stdcopy.ts';
import { apiDaemon } from '../../support/api-daemon.ts';
import { fakeContainerService } from '../../support/fake-services.ts';

async function* lines() {
  yield [{ stream: 1 as const, data: Buffer.from('out\n') }];
  yield [{ stream: 2 as const, data: Buffer.from('err\n') }];
}

const FRAMED = Buffer.concat([frame(1, Buffer.from('out\n')), frame(2, Buffer.from('err\n'))]).toString();

test('logs are framed without a terminal and raw with one', async (t) => {
  for (const [tty, version, type, text] of [
    [false, '1.44', 'application/vnd.docker.multiplexed-stream', FRAMED],
    [false, '1.41', 'application/vnd.docker.raw-stream', FRAMED],
    [true, '1.44', 'application/vnd.docker.raw-stream', 'out\nerr\n'],
  ] as const) {
    const containers = fakeContainerService({ logs: async () => ({ tty, chunks: lines() }) });
    const api = await apiDaemon(t, { containers });
    const answer = await api.ask('GET', `/v${version}/containers/web/logs?stdout=1&stderr=1`);
    assert.deepEqual([answer.headers['content-type'], answer.text], [type, text]);
  }
});

test('the options of logs are read as docker reads them', async (t) => {
  const seen: LogOptions[] = [];
  const logs = async (_ref: string, options: LogOptions) => {
    seen.push({ ...options, signal: undefined as never });
    return { tty: true, chunks: lines() };
  };
  const api = await apiDaemon(t, { containers: fakeContainerService({ logs }) });
  const flags = 'stdout=true&stderr=no&follow=1&timestamps=0&details=yes';
  await api.ask('GET', `/containers/web/logs?${flags}&since=1700000000.5&until=0&tail=all`);
  await api.ask('GET', '/containers/web/logs?stderr=1&tail=10');
  const common = { signal: undefined };
  assert.deepEqual(seen, [
    {
      stdout: true,
      stderr: false,
      follow: true,
      timestamps: false,
      details: true,
      since: 1700000000500000000n,
      ...common,
    },
    { stdout: false, stderr: true, follow: false, timestamps: false, details: false, tail: 10, ...common },
  ]);
  const none = await api.ask('GET', '/containers/web/logs');
  assert.deepEqual(none.json(), { message: 'Bad parameters: you must choose at least one stream' });
  assert.equal((await api.ask('GET', '/containers/web/logs?stdout=1&since=soon')).status, 400);
});
