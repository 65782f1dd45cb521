import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiDaemon } from '../../support/api-daemon.ts';
import { fakeContainerService } from '../../support/fake-services.ts';

test('the header of a wait comes at once, the result later', async (t) => {
  const exit = Promise.withResolvers<{ StatusCode: number }>();
  const conditions: string[] = [];
  const containers = fakeContainerService({
    wait: async (_ref, { condition }) => {
      conditions.push(condition);
      return { result: exit.promise };
    },
  });
  const api = await apiDaemon(t, { containers });
  const client = await api.raw('POST /containers/web/wait?condition=next-exit HTTP/1.1\r\nHost: x');
  assert.match(await client.head(), /^HTTP\/1\.1 200 OK\r\n/);
  exit.resolve({ StatusCode: 3 });
  await client.until('{"StatusCode":3}');
  assert.deepEqual(conditions, ['next-exit']);
  client.socket.destroy();
});

test('a client that leaves aborts the wait', async (t) => {
  const aborted = Promise.withResolvers<void>();
  const containers = fakeContainerService({
    wait: async (_ref, { signal }) => {
      signal?.addEventListener('abort', () => aborted.resolve());
      return { result: new Promise(() => {}) };
    },
  });
  const api = await apiDaemon(t, { containers });
  const client = await api.raw('POST /containers/web/wait HTTP/1.1\r\nHost: x');
  await client.head();
  client.socket.destroy();
  await aborted.promise;
});

test('an unknown condition is refused', async (t) => {
  const api = await apiDaemon(t);
  const { status, json } = await api.ask('POST', '/containers/web/wait?condition=never');
  assert.deepEqual([status, json()], [400, { message: 'invalid condition: "never"' }]);
});
