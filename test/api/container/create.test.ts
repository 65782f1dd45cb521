import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CreateOptions } from '../../../packages/daemon/src/containers/service.types.ts';
import { apiDaemon } from '../../support/api-daemon.ts';
import { fakeContainerService } from '../../support/fake-services.ts';

function recording(seen: CreateOptions[]) {
  return {
    containers: fakeContainerService({
      create: async (options) => {
        seen.push(options);
        return { Id: 'abc', Warnings: [] };
      },
    }),
  };
}

test('create hands on the name, the platform and the body', async (t) => {
  const seen: CreateOptions[] = [];
  const api = await apiDaemon(t, recording(seen));
  const body = { Image: 'x', Cmd: ['a', 'b'], HostConfig: { Memory: 5, Init: true, Binds: null }, Unknown: 1 };
  const { status, text } = await api.ask('POST', '/containers/create?name=web&platform=linux/arm64', body);
  assert.deepEqual([status, text], [201, '{"Id":"abc","Warnings":[]}\n']);
  assert.deepEqual(seen, [
    {
      name: 'web',
      platform: 'linux/arm64',
      request: { Image: 'x', Cmd: ['a', 'b'], HostConfig: { Memory: 5, Init: true } },
    },
  ]);
});

test('bodies are read as Go reads them: any case of keys, one string for a list', async (t) => {
  const seen: CreateOptions[] = [];
  const api = await apiDaemon(t, recording(seen));
  await api.ask('POST', '/containers/create', {
    image: 'x',
    cmd: 'ls',
    hostConfig: { portbindings: { '80/tcp': null } },
  });
  assert.deepEqual(seen[0]?.request, { Image: 'x', Cmd: ['ls'], HostConfig: { PortBindings: { '80/tcp': null } } });
});

test('what cannot be a container is refused with 400 and Go’s sentence', async (t) => {
  const api = await apiDaemon(t, recording([]));
  const json = { 'Content-Type': 'application/json' };
  for (const [body, headers, message] of [
    [undefined, {}, 'config cannot be empty in order to create a container'],
    [
      '{}',
      { 'Content-Type': 'text/plain' },
      "unsupported Content-Type header (text/plain): must be 'application/json'",
    ],
    ['{"a":', json, 'invalid JSON: unexpected EOF'],
    ['{} {}', json, 'unexpected content after JSON'],
    [' ', json, 'invalid JSON: got EOF while reading request body'],
    [
      '{"Tty":"yes"}',
      json,
      'invalid JSON: json: cannot unmarshal string into Go struct field CreateRequest.Tty of type bool',
    ],
    [
      '{"HostConfig":{"Memory":1.5}}',
      json,
      'invalid JSON: json: cannot unmarshal number 1.5 into Go struct field HostConfig.HostConfig.Memory of type int64',
    ],
    ['[]', json, 'invalid JSON: json: cannot unmarshal array into Go value of type container.CreateRequest'],
  ] as const) {
    const answer = await api.ask('POST', '/containers/create', body, headers);
    assert.deepEqual([answer.status, answer.json()], [400, { message }]);
  }
});

test('keys of a hostile map stay data', async (t) => {
  const seen: CreateOptions[] = [];
  const api = await apiDaemon(t, recording(seen));
  await api.ask('POST', '/containers/create', '{"Labels":{"__proto__":"x"},"__proto__":{"Image":"y"}}');
  assert.deepEqual(Object.keys(seen[0]?.request.Labels ?? {}), ['__proto__']);
  assert.equal(seen[0]?.request.Image, undefined);
});
