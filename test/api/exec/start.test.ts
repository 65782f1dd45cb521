import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ContainerService } from '../../../packages/daemon/src/containers/service.types.ts';
import { DockerError } from '../../../packages/shared/src/errors.ts';
import { frame } from '../../../packages/shared/src/stdcopy.ts';
import { apiDaemon } from '../../support/api-daemon.ts';
import { fakeContainerService } from '../../support/fake-services.ts';

type Start = Parameters<ContainerService['execStart']>;

/** Echoes; remembers how it was started. */
function execs(started: Start[1][]): Partial<ContainerService> {
  return {
    execInspect: async (id) => {
      if (id === 'missing') throw new DockerError('NotFound', `No such exec instance: ${id}`);
      return { ID: id, OpenStdin: true, DetachKeys: '' } as never;
    },
    execStart: async (id, options, open) => {
      started.push(options);
      const streams = await open?.(options.tty);
      if (id === 'broken') throw new DockerError('System', 'it broke');
      for await (const chunk of streams?.stdin ?? []) streams?.stdout.write(chunk);
    },
  };
}

const BODY = '{"Detach":false,"Tty":true,"ConsoleSize":[24,80]}';
const HEAD =
  'POST /v1.44/exec/abc/start HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: Upgrade\r\nUpgrade: tcp';
const OPTIONS = [{ tty: true, consoleSize: { height: 24, width: 80 } }];

test('the body of an upgraded start is read by its length, and stdin follows it', async (t) => {
  const started: Start[1][] = [];
  const api = await apiDaemon(t, { containers: fakeContainerService(execs(started)) });
  const client = await api.raw(`${HEAD}\r\nContent-Length: ${BODY.length}`, `${BODY}early `);
  assert.match(await client.head(), /^HTTP\/1\.1 101 UPGRADED/);
  client.socket.end('late');
  assert.equal((await client.rest()).toString(), 'early late');
  assert.deepEqual(started, OPTIONS);
});

test('a body that comes byte by byte is put together', async (t) => {
  const started: Start[1][] = [];
  const api = await apiDaemon(t, { containers: fakeContainerService(execs(started)) });
  const client = await api.raw(`${HEAD}\r\nContent-Length: ${BODY.length}`);
  for (const byte of BODY) await new Promise((resolve) => client.socket.write(byte, resolve));
  await client.head();
  client.socket.end('x');
  assert.equal((await client.rest()).toString(), 'x');
  assert.deepEqual(started, OPTIONS);
});

test('chunked bodies are understood, ended or kept open', async (t) => {
  for (const end of ['0\r\n\r\n', '']) {
    const started: Start[1][] = [];
    const api = await apiDaemon(t, { containers: fakeContainerService(execs(started)) });
    const half = BODY.slice(0, 10);
    const chunks = `a\r\n${half}\r\n${(BODY.length - 10).toString(16)}\r\n${BODY.slice(10)}\r\n${end}`;
    const client = await api.raw(`${HEAD}\r\nTransfer-Encoding: chunked`, chunks);
    await client.head();
    client.socket.end('stdin');
    assert.equal((await client.rest()).toString(), 'stdin');
    assert.deepEqual(started, OPTIONS);
  }
});

test('without an upgrade stdin follows the body too', async (t) => {
  const started: Start[1][] = [];
  const api = await apiDaemon(t, { containers: fakeContainerService(execs(started)) });
  const client = await api.raw(
    `POST /exec/abc/start HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2`,
    '{}',
  );
  assert.match(await client.head(), /^HTTP\/1\.1 200 OK\r\nContent-Type: application\/vnd\.docker\.raw-stream/);
  client.socket.end('in');
  assert.deepEqual(await client.rest(), frame(1, Buffer.from('in')));
});

test('an error after the hijack arrives as text', async (t) => {
  const api = await apiDaemon(t, { containers: fakeContainerService(execs([])) });
  const client = await api.raw(`${HEAD.replace('abc', 'broken')}\r\nContent-Length: ${BODY.length}`, BODY);
  await client.head();
  assert.equal((await client.rest()).toString(), 'it broke\r\n');
  client.socket.destroy();
});

test('a detached start has an empty answer, an unknown one a 404', async (t) => {
  const started: Start[1][] = [];
  const api = await apiDaemon(t, { containers: fakeContainerService(execs(started)) });
  const detached = await api.ask('POST', '/exec/abc/start', { Detach: true });
  assert.deepEqual([detached.status, detached.text, started], [200, '', [{ tty: false }]]);
  const missing = await api.ask('POST', '/exec/missing/start', {});
  assert.deepEqual([missing.status, missing.json()], [404, { message: 'No such exec instance: missing' }]);
});

test('a body that is no JSON is refused before anything starts', async (t) => {
  const started: Start[1][] = [];
  const api = await apiDaemon(t, { containers: fakeContainerService(execs(started)) });
  const client = await api.raw(`${HEAD}\r\nContent-Length: 3`, 'xyz');
  assert.match(await client.head(), /^HTTP\/1\.1 400 /);
  assert.match((await client.rest()).toString(), /invalid character 'x' looking for beginning of value/);
  client.socket.destroy();
  assert.deepEqual(started, []);
});
