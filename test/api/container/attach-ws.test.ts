import assert from 'node:assert/strict';
import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import { type TestContext, test } from 'node:test';
import { WebSocket } from 'ws';
import type { AttachOptions, ContainerService } from '../../../packages/daemon/src/containers/service.types.ts';
import { type ApiDaemon, apiDaemon } from '../../support/api-daemon.ts';
import { fakeContainerService, noSuchContainer } from '../../support/fake-services.ts';

/** Sends what comes in back on stdout, and its size on stderr when it has ended. */
const echo: ContainerService['attach'] = async (ref, _options, open) => {
  if (ref === 'missing') throw noSuchContainer(ref);
  const { stdin, stdout, stderr } = await open(false);
  let size = 0;
  for await (const chunk of stdin ?? []) {
    size += chunk.length;
    if (!stdout.write(chunk)) await once(stdout, 'drain');
    if (chunk.includes('bye')) break;
  }
  stderr.write(`${size} bytes`);
};

class Client {
  readonly socket: WebSocket;
  readonly received: Buffer[] = [];
  readonly binary: boolean[] = [];
  readonly closed: Promise<number>;

  constructor(api: ApiDaemon, path: string, options: object = {}) {
    this.socket = new WebSocket(`ws+unix:${api.socket}:${path}`, options);
    this.socket.on('message', (data: Buffer, isBinary) => {
      this.received.push(data);
      this.binary.push(isBinary);
    });
    this.closed = once(this.socket, 'close').then(([code]) => code as number);
  }

  static async open(api: ApiDaemon, path: string, options?: object): Promise<Client> {
    const client = new Client(api, path, options);
    await once(client.socket, 'open');
    return client;
  }

  get text(): string {
    return Buffer.concat(this.received).toString();
  }
}

const PATH = '/v1.55/containers/web/attach/ws?stream=1&stdin=1&stdout=1&stderr=1';

const daemonWith = (t: TestContext, attach: ContainerService['attach'] = echo): Promise<ApiDaemon> =>
  apiDaemon(t, { containers: fakeContainerService({ attach }) });

test('messages go in and come out raw, and the end is a normal close', { timeout: 20_000 }, async (t) => {
  const client = await Client.open(await daemonWith(t), PATH);
  client.socket.send('text ');
  client.socket.send(Buffer.from('binary '), { fin: false });
  client.socket.send(Buffer.from('in parts '), { fin: true });
  client.socket.ping();
  await once(client.socket, 'pong');
  client.socket.send('bye');
  assert.equal(await client.closed, 1000);
  assert.equal(client.text, 'text binary in parts bye24 bytes');
  assert.ok(client.binary.every((binary) => binary));
});

test('clients before 1.28 get text, and before 1.42 all streams', { timeout: 20_000 }, async (t) => {
  const seen: AttachOptions[] = [];
  const api = await daemonWith(t, async (ref, options, open) => {
    seen.push(options);
    await echo(ref, options, open);
  });
  const old = await Client.open(api, '/v1.27/containers/web/attach/ws?stream=1');
  old.socket.send('bye');
  await old.closed;
  assert.deepEqual([old.text, old.binary], ['bye3 bytes', [false, false]]);
  await (await Client.open(api, '/v1.55/containers/web/attach/ws?logs=1&stdout=1')).closed;
  assert.deepEqual(seen, [
    { stdin: true, stdout: true, stderr: true, stream: true, logs: false },
    { stdin: false, stdout: true, stderr: false, stream: false, logs: true },
  ]);
});

test('megabytes pass both ways, no faster than they are taken', { timeout: 60_000 }, async (t) => {
  const client = await Client.open(await daemonWith(t), PATH);
  const data = Buffer.alloc(1 << 20, 'abcdefghijklmnopqrstuvwxyz0123456789');
  for (let i = 0; i < 16; i++) client.socket.send(data);
  client.socket.send('bye');
  assert.equal(await client.closed, 1000);
  const all = Buffer.concat(client.received);
  assert.ok(all.subarray(0, data.length * 16).equals(Buffer.concat(Array(16).fill(data))));
  assert.equal(all.subarray(data.length * 16).toString(), `bye${data.length * 16 + 3} bytes`);
});

test('a client that leaves ends the input, then the streams', { timeout: 20_000 }, async (t) => {
  const ended = Promise.withResolvers<string>();
  const api = await daemonWith(t, async (_ref, _options, open) => {
    const { stdin, stdout } = await open(false);
    let text = '';
    for await (const chunk of stdin!) text += chunk;
    await finished(stdout).catch(() => {});
    ended.resolve(text);
  });
  for (const leave of [(s: WebSocket) => s.close(1001), (s: WebSocket) => s.terminate()]) {
    const client = await Client.open(api, PATH);
    await new Promise((resolve) => client.socket.send('last words', resolve));
    leave(client.socket);
    await client.closed;
  }
  assert.equal(await ended.promise, 'last words');
});

test('broken frames, and messages too long to hold, close the connection', { timeout: 20_000 }, async (t) => {
  const api = await daemonWith(t);
  const handshake = `GET ${PATH} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==`;
  const masked = [0x80, 0, 0, 0, 0] as const;
  for (const [what, bytes, code] of [
    ['no mask', [0x82, 0x01, 0x61], 1002],
    ['reserved bits', [0xf2, ...masked], 1002],
    ['an unknown type', [0x83, ...masked], 1002],
    ['a part of nothing', [0x80, ...masked], 1002],
    ['a length beyond 2^53', [0x82, 0xff, ...Array(8).fill(0xff), 0, 0, 0, 0], 1009],
    ['a gigabyte', [0x82, 0xff, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0], 1009],
  ] as const) {
    const client = await api.raw(handshake);
    assert.match(
      await client.head(),
      /^HTTP\/1\.1 101 Switching Protocols\r\n[\s\S]*Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n/,
    );
    client.socket.write(Buffer.from(bytes));
    const rest = await client.rest();
    const close = rest.subarray(rest.indexOf(0x88));
    assert.equal(close.readUInt16BE(2), code, what);
    client.socket.destroy();
  }
});

test('what is no WebSocket, or no container, is answered as an error', { timeout: 20_000 }, async (t) => {
  const api = await daemonWith(t);
  const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\n';
  const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
  for (const [container, headers, status, message] of [
    ['missing', '', 404, 'No such container: missing'],
    ['missing', `${upgrade}${key}Sec-WebSocket-Version: 13\r\n`, 404, 'No such container: missing'],
    ['web', '', 400, 'not websocket protocol'],
    ['web', 'Connection: Upgrade\r\nUpgrade: tcp\r\n', 400, 'not websocket protocol'],
    ['web', `${upgrade}${key}Sec-WebSocket-Version: 12\r\n`, 400, 'missing or bad WebSocket Version'],
    ['web', `${upgrade}Sec-WebSocket-Version: 13\r\n`, 400, 'mismatch challenge/response'],
  ] as const) {
    const client = await api.raw(
      `GET /containers/${container}/attach/ws?stream=1 HTTP/1.1\r\nHost: x\r\n${headers}`.trimEnd(),
    );
    assert.match(await client.head(), new RegExp(`^HTTP/1.1 ${status} `));
    assert.equal(await client.until('}'), JSON.stringify({ message }));
    client.socket.destroy();
  }
});
