import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, test } from 'node:test';
import { parseEndpoint } from '../../../packages/cli/src/client/endpoint.ts';
import { createEngineClient } from '../../../packages/cli/src/client/http-client.ts';
import { jsonObjects } from '../../../packages/cli/src/client/json-stream.ts';

const folder = await mkdtemp(join(tmpdir(), 'tsd-client-'));
after(() => rm(folder, { recursive: true, force: true }));

/** A daemon on a socket of its own; what it was asked is remembered. */
async function daemon(name: string, listener: RequestListener, apiVersion = '1.41') {
  const asked: string[] = [];
  const server: Server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    if (request.url === '/_ping') return void response.writeHead(200, { 'Api-Version': apiVersion }).end();
    listener(request, response);
  });
  const socket = join(folder, `${name}.sock`);
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { asked, server, client: createEngineClient(parseEndpoint(`unix://${socket}`)) };
}

test('the lower version of both sides is used, asked for once', async () => {
  const { asked, client } = await daemon('version', (_, response) => response.end('{"ok":true}'));
  assert.deepEqual(
    await (await client.request('GET', '/info', { query: { a: 'x y', none: undefined, yes: true } })).json(),
    { ok: true },
  );
  await (await client.request('POST', '/x', { body: { a: 1 } })).discard();
  assert.deepEqual(asked, ['HEAD /_ping', 'GET /v1.41/info?a=x+y&yes=1', 'POST /v1.41/x']);
  client.close();
});

test('a connection is used again, and made anew when the daemon has closed it', async () => {
  const { client, server } = await daemon('reuse', (request, response) => {
    if (request.url?.endsWith('/last')) response.setHeader('Connection', 'close');
    response.end('x'.repeat(200_000));
  });
  let connections = 0;
  server.on('connection', () => connections++);
  const text = async (path: string) => (await (await client.request('GET', path)).text()).length;
  assert.equal(await text('/a'), 200_000);
  const both = [await client.request('GET', '/b'), await client.request('GET', '/last')];
  assert.deepEqual(await Promise.all(both.map(async (answer) => (await answer.text()).length)), [200_000, 200_000]);
  assert.equal(connections, 2);
  server.closeAllConnections();
  assert.equal(await text('/c'), 200_000);
  assert.equal(connections, 3);
  client.close();
});

test('errors keep the words and the code of the daemon', async () => {
  const { client } = await daemon('errors', (request, response) => {
    if (request.url?.endsWith('/plain'))
      return void response.writeHead(500, { 'Content-Type': 'text/plain' }).end('boom\n');
    response.writeHead(404, { 'Content-Type': 'application/json' }).end('{"message":"No such container: x"}\n');
  });
  await assert.rejects(client.request('GET', '/containers/x/json'), {
    code: 'NotFound',
    message: 'No such container: x',
    fromDaemon: true,
  });
  await assert.rejects(client.request('GET', '/plain'), { code: 'System', message: 'boom' });
  client.close();
});

test('bodies stream both ways', async () => {
  const { client } = await daemon('streams', (request, response) => void request.pipe(response));
  const body = Readable.from([Buffer.from('{"a":1}{"b"'), Buffer.from(':"}"}\n')]);
  const response = await client.open('POST', '/images/load', { body });
  const objects: unknown[] = [];
  for await (const object of jsonObjects(response.stream())) objects.push(object);
  assert.deepEqual(objects, [{ a: 1 }, { b: '}' }]);
  client.close();
});

test('hijack gives both directions, and half a close', async () => {
  const { client, server } = await daemon('hijack', (_, response) =>
    response.writeHead(404, { 'Content-Type': 'application/json' }).end('{"message":"gone"}'),
  );
  server.on('upgrade', (_request, socket) => {
    socket.write(
      'HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nfirst ',
    );
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('end', () => socket.end(`got ${Buffer.concat(chunks)}`));
  });
  const { socket, contentType } = await client.hijack('/containers/x/attach', { query: { stream: true } });
  assert.equal(contentType, 'application/vnd.docker.raw-stream');
  socket.end('stdin');
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  assert.equal(Buffer.concat(chunks).toString(), 'first got stdin');
  client.close();
});

test('a hijack that the daemon refuses is its error', async () => {
  const { client, server } = await daemon('refused', () => {});
  server.on('upgrade', (_request, socket) => {
    socket.end(
      'HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: 18\r\n\r\n{"message":"gone"}',
    );
  });
  await assert.rejects(client.hijack('/containers/x/attach'), { code: 'NotFound', message: 'gone' });
  client.close();
});

test('nobody there: one line with the way out', async () => {
  const client = createEngineClient(parseEndpoint(`unix://${join(folder, 'tsdocker.sock')}`));
  await assert.rejects(client.request('GET', '/info'), {
    message: /^Cannot connect to the tsdocker daemon at unix:\/\/.*Is the tsdocker daemon running\? Start it/,
  });
});

const endpoints: [host: string, expected: object][] = [
  ['unix:///a/b.sock', { kind: 'unix', socketPath: '/a/b.sock' }],
  ['tcp://127.0.0.1:99', { kind: 'tcp', hostname: '127.0.0.1', port: 99 }],
  ['tcp://host', { hostname: 'host', port: 2375 }],
  ['tcp://[::1]:80/base/', { hostname: '::1', port: 80, basePath: '/base' }],
  ['ssh://me@host:22/run/d.sock', { kind: 'ssh', user: 'me', hostname: 'host', port: 22, socketPath: '/run/d.sock' }],
];
for (const [host, expected] of endpoints) {
  test(`address ${host}`, () => assert.deepEqual({ ...parseEndpoint(host), ...expected }, parseEndpoint(host)));
}
for (const host of ['foo', 'foo://x', 'unix://', 'ssh://-oProxyCommand=x', 'ssh://a:b@c', 'tcp://a b']) {
  test(`address ${JSON.stringify(host)} is refused`, () =>
    assert.throws(() => parseEndpoint(host), { code: 'InvalidParameter' }));
}

/** A daemon in a process of its own: an upload blocks ours. `/count` tells the body's length, `/refuse` reads none of it. */
async function otherDaemon(name: string) {
  const socket = join(folder, `${name}.sock`);
  const program = `
    require('node:http').createServer((request, response) => {
      if (request.url === '/_ping') return response.writeHead(200, { 'Api-Version': '1.41' }).end();
      if (request.url.endsWith('/refuse')) return response.writeHead(403).end('no', () => request.socket.destroySoon());
      let length = 0;
      request.on('data', (chunk) => { length += chunk.length; }).on('end', () => response.end(String(length)));
    }).listen(${JSON.stringify(socket)}, () => console.log('up'));`;
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  after(() => child.kill());
  await once(child.stdout, 'data');
  return createEngineClient(parseEndpoint(`unix://${socket}`));
}

test('a body of chunks is made as it is sent; a refusal is heard, an error in it is told as it is', async () => {
  const client = await otherDaemon('upload');
  const put = async (path: string, body: Iterable<Buffer>) =>
    (await client.request('PUT', path, { body, headers: { 'Content-Type': 'application/x-tar' } })).text();
  const piece = Buffer.alloc(100_001);
  function* pieces(count: number): Generator<Buffer> {
    for (let i = 0; i < count; i++) yield piece;
  }
  assert.equal(await put('/count', pieces(50)), String(50 * piece.length));
  assert.equal(await put('/count', pieces(0)), '0');
  let made = 0;
  const endless = (function* () {
    for (; ; made++) yield piece;
  })();
  await assert.rejects(put('/refuse', endless), { status: 403, message: 'no' });
  assert.ok(made < 1000);
  const broken = (function* (): Generator<Buffer> {
    yield piece;
    throw Object.assign(new Error('gone: no such file'), { code: 'ENOENT' });
  })();
  await assert.rejects(put('/count', broken), { message: 'gone: no such file' });
  assert.equal(await put('/count', pieces(1)), String(piece.length));
  client.close();
});
