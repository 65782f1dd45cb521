import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DockerError } from '../../../packages/shared/src/errors.ts';
import { apiDaemon } from '../../support/api-daemon.ts';
import { fakeContainerService, noSuchContainer } from '../../support/fake-services.ts';

test('every answer has the version headers, with and without a version in the path', async (t) => {
  const api = await apiDaemon(t);
  for (const path of ['/_ping', '/v1.24/_ping', '/v1.55/_ping']) {
    const { status, headers, text } = await api.ask('GET', path);
    assert.deepEqual([status, text], [200, 'OK']);
    assert.equal(headers['api-version'], '1.55');
    assert.equal(headers['ostype'], 'linux');
    assert.equal(headers['docker-experimental'], 'false');
    assert.match(String(headers['server']), /^Docker\/[\d.]+ \(linux\)$/);
    assert.equal(headers['swarm'], 'inactive');
  }
  const head = await api.ask('HEAD', '/_ping');
  assert.deepEqual([head.status, head.text, head.headers['api-version']], [200, '', '1.55']);
});

test('versions that are too new or too old are refused in the words of docker', async (t) => {
  const api = await apiDaemon(t);
  for (const [path, message] of [
    ['/v1.99/info', 'client version 1.99 is too new. Maximum supported API version is 1.55'],
    [
      '/v1.5/info',
      'client version 1.5 is too old. Minimum supported API version is 1.24, please upgrade your client to a newer version',
    ],
    ['/v1..4/info', 'invalid API version "1..4"'],
  ] as const) {
    const { status, text } = await api.ask('GET', path);
    assert.deepEqual([status, text], [400, `${JSON.stringify({ message })}\n`]);
  }
});

test('unknown paths and wrong methods are the router’s 404, without version headers', async (t) => {
  const api = await apiDaemon(t);
  for (const [method, path] of [
    ['GET', '/nosuch'],
    ['PATCH', '/info'],
    ['POST', '/v1.44/info'],
    ['GET', '/containers/'],
    ['GET', '/v1.99/nosuch'],
  ] as const) {
    const { status, headers, text } = await api.ask(method, path);
    assert.deepEqual([status, text], [404, '{"message":"page not found"}\n']);
    assert.equal(headers['api-version'], undefined);
  }
});

test('operations that are not there yet answer 501', async (t) => {
  const api = await apiDaemon(t);
  const { status, text } = await api.ask('POST', '/v1.44/swarm/init', {});
  assert.deepEqual([status, text], [501, '{"message":"SwarmInit is not implemented by tsdockerd yet"}\n']);
  assert.equal((await api.ask('POST', '/plugins/a/b/c:latest/push')).status, 501);
});

test('each code of an error becomes its status', async (t) => {
  const errors = new Map<string, Error>([
    ['missing', noSuchContainer('missing')],
    ['same', new DockerError('NotModified', 'already started')],
    ['busy', new DockerError('Conflict', 'busy')],
    ['bug', new TypeError('x is undefined')],
  ]);
  const start = async (ref: string): Promise<void> => {
    throw errors.get(ref);
  };
  const api = await apiDaemon(t, { containers: fakeContainerService({ start }) });
  for (const [ref, status, text] of [
    ['missing', 404, '{"message":"No such container: missing"}\n'],
    ['same', 304, ''],
    ['busy', 409, '{"message":"busy"}\n'],
    ['bug', 500, '{"message":"x is undefined"}\n'],
  ] as const) {
    const answer = await api.ask('POST', `/containers/${ref}/start`);
    assert.deepEqual([answer.status, answer.text], [status, text]);
  }
  assert.equal(api.logLines.filter((line) => line.includes('request failed')).length, 1);
});

test('names are decoded once, and broken escapes refused', async (t) => {
  const seen: string[] = [];
  const pause = async (ref: string): Promise<void> => void seen.push(ref);
  const api = await apiDaemon(t, { containers: fakeContainerService({ pause }) });
  assert.equal((await api.ask('POST', '/containers/a%20b%2520/pause')).status, 204);
  assert.deepEqual(seen, ['a b%20']);
  assert.equal((await api.ask('POST', '/containers/%zz/pause')).status, 400);
});

test('requests on one connection are answered in turn', async (t) => {
  const api = await apiDaemon(t);
  const client = await api.raw('GET /_ping HTTP/1.1\r\nHost: x\r\n\r\nGET /_ping HTTP/1.1\r\nHost: x');
  await client.until('\r\n\r\nOK');
  await client.until('\r\n\r\nOK');
  client.socket.destroy();
});
