import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { apiDaemon } from '../../support/api-daemon.ts';
import { eventually } from '../../support/eventually.ts';
import { programDaemon } from '../../support/program-daemon.ts';

function info(socketPath: string): Promise<{ ID: string; Debug: boolean; Labels: string[] }> {
  return new Promise((resolve, reject) => {
    const req = request({ socketPath, path: '/info', agent: false }, (res) => {
      let text = '';
      res.on('data', (chunk) => {
        text += chunk;
      });
      res.on('end', () => resolve(JSON.parse(text)));
    });
    req.on('error', reject);
    req.end();
  });
}

test('SIGTERM ends the daemon with 0, even with an attached client, and leaves only its data', async (t) => {
  const daemon = await programDaemon(t);
  assert.equal((await stat(daemon.socket)).mode & 0o777, 0o660);
  assert.equal(await readFile(join(daemon.directory, 'pid'), 'utf8'), `${daemon.child.pid}\n`);
  const gone = new Promise((resolve) => {
    const req = request({ socketPath: daemon.socket, path: '/events', agent: false }, (res) => {
      res.on('error', resolve);
      res.on('close', resolve);
      void daemon.end('SIGTERM').then((code) => assert.equal(code, 0));
    });
    req.end();
  });
  await gone;
  await eventually(() => daemon.child.exitCode === 0);
  assert.deepEqual((await readdir(daemon.directory)).sort(), ['data', 'exec']);
  assert.deepEqual(await readdir(join(daemon.directory, 'data')), ['engine-id']);
});

test('after kill -9 the next daemon takes the same roots and socket, with the same id', async (t) => {
  const first = await programDaemon(t);
  const { ID } = await info(first.socket);
  assert.equal(await first.end('SIGKILL'), 'SIGKILL');
  assert.ok(existsSync(first.socket));
  const second = await programDaemon(t, [], first.directory);
  assert.equal((await info(second.socket)).ID, ID);
  assert.equal(await second.end('SIGINT'), 0);
});

test('a second daemon on the same root or socket is refused and harms nothing', async (t) => {
  const first = await programDaemon(t);
  await assert.rejects(
    programDaemon(t, [], first.directory),
    /^Error: failed to start daemon: another daemon \(process \d+\)/,
  );
  const elsewhere = await programDaemon(t);
  assert.equal(await elsewhere.end('SIGTERM'), 0);
  await assert.rejects(
    programDaemon(t, ['-H', `unix://${first.socket}`], elsewhere.directory),
    /another daemon is listening on it/,
  );
  assert.deepEqual(await readdir(join(elsewhere.directory, 'data')), ['engine-id']);
  assert.ok((await info(first.socket)).ID);
});

test('a file that is no socket is not removed', async (t) => {
  const first = await programDaemon(t);
  await first.end('SIGTERM');
  const path = join(first.directory, 'precious');
  await writeFile(path, 'x');
  await assert.rejects(programDaemon(t, ['-H', `unix://${path}`], first.directory), /the path exists and is no socket/);
  assert.equal(await readFile(path, 'utf8'), 'x');
});

test('SIGHUP reads the file again; a broken one changes nothing', async (t) => {
  const place = await programDaemon(t);
  await place.end('SIGTERM');
  const file = join(place.directory, 'daemon.json');
  await writeFile(file, '{}');
  const daemon = await programDaemon(t, ['--config-file', file], place.directory);
  await writeFile(file, '{"debug":true,"labels":["a=b"]}');
  daemon.child.kill('SIGHUP');
  await eventually(async () => (await info(daemon.socket)).Debug);
  assert.deepEqual((await info(daemon.socket)).Labels, ['a=b']);
  await writeFile(file, '{"nosuch":1}');
  daemon.child.kill('SIGHUP');
  await eventually(() => daemon.log().includes('reload failed'));
  assert.deepEqual((await info(daemon.socket)).Labels, ['a=b']);
});

test('a tcp listener answers beside the socket', async (t) => {
  const api = await apiDaemon(t, {}, ['-H', 'tcp://127.0.0.1:0']);
  const [, tcp] = api.daemon.addresses;
  const answer = await fetch(`http://${tcp}/_ping`);
  assert.equal(await answer.text(), 'OK');
});
