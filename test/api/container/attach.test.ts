import assert from 'node:assert/strict';
import { finished } from 'node:stream/promises';
import { test } from 'node:test';
import type { ContainerService } from '../../../packages/daemon/src/containers/service.types.ts';
import { frame } from '../../../packages/shared/src/stdcopy.ts';
import { apiDaemon } from '../../support/api-daemon.ts';
import { fakeContainerService, noSuchContainer } from '../../support/fake-services.ts';

/** Sends the client's stdin back on stdout, says on stderr how much it was, ends at its end. */
function echo(tty: boolean): Pick<ContainerService, 'attach'> {
  return {
    attach: async (ref, _options, open) => {
      if (ref === 'missing') throw noSuchContainer(ref);
      const { stdin, stdout, stderr } = await open(tty);
      let size = 0;
      for await (const chunk of stdin ?? []) {
        size += chunk.length;
        if (!stdout.write(chunk)) await new Promise((resolve) => stdout.once('drain', resolve));
      }
      stderr.write(`${size} bytes`);
    },
  };
}

const PATH = '/containers/web/attach?stream=1&stdin=1&stdout=1&stderr=1';
const UPGRADE = 'Connection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 0';

test('an upgraded attach carries frames out and stdin in until the half close', async (t) => {
  const api = await apiDaemon(t, { containers: fakeContainerService(echo(false)) });
  const client = await api.raw(`POST /v1.44${PATH} HTTP/1.1\r\nHost: x\r\n${UPGRADE}`);
  const head = await client.head();
  assert.match(head, /^HTTP\/1\.1 101 UPGRADED\r\n/);
  assert.match(
    head,
    /\r\nContent-Type: application\/vnd\.docker\.multiplexed-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n/,
  );
  assert.match(head, /\r\napi-version: 1\.55\r\n/i);
  client.socket.write('hello');
  assert.equal(await client.until('hello'), frame(1, Buffer.from('hello')).toString('latin1'));
  client.socket.end();
  assert.deepEqual(await client.rest(), frame(2, Buffer.from('5 bytes')));
});

test('without an upgrade the same bytes follow a 200', async (t) => {
  const api = await apiDaemon(t, { containers: fakeContainerService(echo(false)) });
  const client = await api.raw(`POST /v1.44${PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 0`);
  const head = await client.head();
  assert.match(head, /^HTTP\/1\.1 200 OK\r\nContent-Type: application\/vnd\.docker\.raw-stream\r\n/);
  client.socket.write('hello');
  assert.equal(await client.until('hello'), frame(1, Buffer.from('hello')).toString('latin1'));
  client.socket.end(' GET / HTTP/1.1\r\n\r\n');
  assert.deepEqual(
    await client.rest(),
    Buffer.concat([frame(1, Buffer.from(' GET / HTTP/1.1\r\n\r\n')), frame(2, Buffer.from('24 bytes'))]),
  );
});

test('a terminal is raw', async (t) => {
  const api = await apiDaemon(t, { containers: fakeContainerService(echo(true)) });
  const client = await api.raw(`POST /v1.44${PATH} HTTP/1.1\r\nHost: x\r\n${UPGRADE}`);
  assert.match(await client.head(), /Content-Type: application\/vnd\.docker\.raw-stream\r\n/);
  client.socket.end('x');
  assert.equal((await client.rest()).toString(), 'x1 bytes');
});

test('clients before 1.42 do not see the type of frames', async (t) => {
  const api = await apiDaemon(t, { containers: fakeContainerService(echo(false)) });
  const client = await api.raw(`POST /v1.41${PATH} HTTP/1.1\r\nHost: x\r\n${UPGRADE}`);
  assert.match(await client.head(), /Content-Type: application\/vnd\.docker\.raw-stream\r\n/);
  client.socket.end();
  await client.rest();
});

test('an error before the hijack is an ordinary answer, upgraded or not', async (t) => {
  const api = await apiDaemon(t, { containers: fakeContainerService(echo(false)) });
  for (const upgrade of [UPGRADE, 'Content-Length: 0\r\nConnection: close']) {
    const client = await api.raw(`POST /containers/missing/attach?stream=1 HTTP/1.1\r\nHost: x\r\n${upgrade}`);
    assert.match(await client.head(), /^HTTP\/1\.1 404 Not Found\r\n/);
    assert.equal((await client.rest()).toString(), '{"message":"No such container: missing"}\n');
    client.socket.destroy();
  }
});

test('an upgrade that the path does not know is ignored', async (t) => {
  const api = await apiDaemon(t);
  const client = await api.raw('GET /_ping HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c');
  assert.match(await client.head(), /^HTTP\/1\.1 200 OK\r\n/);
  assert.equal(await client.until('OK'), 'OK');
  client.socket.destroy();
});

test('megabytes go through in both directions unharmed', async (t) => {
  const api = await apiDaemon(t, { containers: fakeContainerService(echo(true)) });
  const client = await api.raw(`POST ${PATH} HTTP/1.1\r\nHost: x\r\n${UPGRADE}`);
  await client.head();
  const data = Buffer.alloc(8 << 20, 'abcdefghijklmnopqrstuvwxyz0123456789');
  client.socket.end(data);
  const rest = await client.rest();
  assert.equal(rest.length, data.length + `${data.length} bytes`.length);
  assert.ok(rest.subarray(0, data.length).equals(data));
});

test('a client that vanishes closes the streams', async (t) => {
  let closed: (() => void) | undefined;
  const noticed = new Promise<void>((resolve) => {
    closed = resolve;
  });
  const attach: ContainerService['attach'] = async (_ref, _options, open) => {
    const { stdout } = await open(true);
    stdout.write('ready');
    const chatter = setInterval(() => stdout.write('x'), 5);
    await finished(stdout).catch(() => undefined);
    clearInterval(chatter);
    closed?.();
  };
  const api = await apiDaemon(t, { containers: fakeContainerService({ attach }) });
  const client = await api.raw(`POST /containers/web/attach?stream=1&stdout=1 HTTP/1.1\r\nHost: x\r\n${UPGRADE}`);
  await client.until('ready');
  client.socket.destroy();
  await noticed;
});
