import assert from 'node:assert/strict';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { DetachScanner, parseDetachKeys } from '../../../../packages/daemon/src/containers/detach-keys.ts';
import { Overlap } from '../../../../packages/daemon/src/containers/replay.ts';
import { containerDomain, fakeClient } from '../../../support/container-domain.ts';
import { eventually } from '../../../support/eventually.ts';

const IO = { stdin: true, stdout: true, stderr: true, stream: true, logs: false };

/** [keys, chunks typed, forwarded, detached] */
const KEY_ROWS: [string | undefined, string[], string, boolean][] = [
  [undefined, ['ab', '\x10\x11', 'never'], 'ab', true],
  [undefined, ['a\x10', '\x11'], 'a', true],
  [undefined, ['\x10', 'b'], '\x10b', false],
  [undefined, ['\x10\x10', '\x11'], '\x10', true],
  ['ctrl-x,x', ['\x18', 'y\x18x'], '\x18y', true],
  ['a', ['bca'], 'bc', true],
  ['ctrl-@', ['\0'], '', true],
];

test('detach keys: found across chunks, prefixes held back and handed on', () => {
  for (const [keys, chunks, forwarded, detached] of KEY_ROWS) {
    const scanner = new DetachScanner(parseDetachKeys(keys));
    let text = '';
    let found = false;
    for (const chunk of chunks) {
      if (found) break;
      const result = scanner.push(Buffer.from(chunk));
      text += result.forward.toString();
      found = result.detached;
    }
    if (!found) text += scanner.rest().toString();
    assert.deepEqual([text, found], [forwarded, detached], JSON.stringify(chunks));
  }
  for (const bad of ['ctrl-', 'ctrl-A1', 'ab', 'ctrl-x,,', 'é']) {
    assert.throws(() => parseDetachKeys(bad), {
      code: 'InvalidParameter',
      message: `Invalid detach keys (${bad}) provided`,
    });
  }
});

test('attach before start gets the first byte and ends with the process', async () => {
  await using d = await containerDomain();
  await d.create({}, 'web');
  const client = fakeClient();
  const attach = d.service.attach('web', IO, client.open);
  d.runtime.onStart = (c) => c.print('first ');
  await d.service.start('web');
  d.runtime.starts[0]!.print('second');
  d.runtime.starts[0]!.exit(0);
  await attach;
  assert.equal(client.text(), 'first second');
});

test('a slow client gets all the output of a container that is removed meanwhile', async () => {
  await using d = await containerDomain();
  const id = await d.create({ HostConfig: { AutoRemove: true } } as never, 'brief');
  const stdout = new PassThrough({ highWaterMark: 1 });
  const attach = d.service.attach('brief', IO, async () => ({ stdout, stderr: stdout }));
  d.runtime.onStart = (c) => {
    for (const word of ['one ', 'two ', 'three']) c.print(word);
  };
  await d.service.start(id);
  d.runtime.starts[0]!.exit(0);
  await eventually(() => assert.rejects(d.service.inspect(id, { size: false }), { code: 'NotFound' }));
  let text = '';
  stdout.on('data', (chunk) => {
    text += chunk;
  });
  await attach;
  await eventually(() => assert.equal(text, 'one two three'));
});

test('an attach to a container whose start fails, or that is removed, ends', async () => {
  await using d = await containerDomain();
  await d.create({}, 'bad');
  d.runtime.startFailure = new Error('no');
  const attach = d.service.attach('bad', IO, fakeClient().open);
  await assert.rejects(d.service.start('bad'));
  await attach;
  const other = d.service.attach('bad', IO, fakeClient().open);
  await d.service.remove('bad', { force: false, volumes: false, link: false });
  await other;
});

test('typed detach keys leave a terminal; the process and other clients stay', async () => {
  await using d = await containerDomain();
  await d.run({ Tty: true, OpenStdin: true }, 'sh');
  const [a, b] = [fakeClient(), fakeClient()];
  const first = d.service.attach('sh', { ...IO, detachKeys: 'ctrl-x,x' }, a.open);
  const second = d.service.attach('sh', IO, b.open);
  a.stdin.write('ls\n\x18');
  await eventually(() => assert.equal(d.runtime.starts[0]!.stdin, 'ls\n'));
  a.stdin.write('x');
  await first;
  assert.equal(d.actions().at(-1), 'container detach');
  d.runtime.starts[0]!.print('out');
  await eventually(() => assert.equal(b.text(), 'out'));
  assert.equal(a.text(), '');
  b.stdout.destroy();
  await second;
  assert.equal((await d.state('sh'))?.Status, 'running');
  assert.equal(d.runtime.starts[0]!.subscribers.size, 0);
});

test('the end of stdin reaches the process with StdinOnce only', async () => {
  await using d = await containerDomain();
  for (const StdinOnce of [true, false]) {
    const id = await d.run({ OpenStdin: true, StdinOnce });
    const client = fakeClient();
    const attach = d.service.attach(id, IO, client.open);
    client.stdin.end('bytes');
    const process = d.runtime.running.get(id)!;
    await eventually(() => assert.equal(process.stdin, 'bytes'));
    const [subscriber] = process.subscribers;
    if (StdinOnce) await eventually(() => assert.equal(subscriber!.stdinClosed, true));
    assert.equal(subscriber!.stdinClosed, StdinOnce);
    process.print('tail');
    process.exit(0);
    await attach;
    assert.equal(client.text(), 'tail');
  }
});

test('a client that leaves ends the input that only it could end', async () => {
  await using d = await containerDomain();
  for (const StdinOnce of [true, false]) {
    const id = await d.run({ OpenStdin: true, StdinOnce });
    const client = fakeClient();
    const attach = d.service.attach(id, IO, client.open);
    client.stdin.write('bytes');
    await eventually(() => assert.equal(d.runtime.running.get(id)!.stdin, 'bytes'));
    const [subscriber] = d.runtime.running.get(id)!.subscribers;
    client.stdout.destroy();
    await attach;
    assert.equal(subscriber!.stdinClosed, StdinOnce);
  }
});

test('logs and live output join without a gap and without doubles', async () => {
  await using d = await containerDomain();
  const id = await d.run({}, 'web');
  const record = (text: string, millis: number) => ({
    stream: 1 as const,
    time: BigInt(Date.now() + millis) * 1_000_000n,
    data: Buffer.from(text),
  });
  // The last two were logged while the subscription was made; the second is in the live output as well.
  d.logs.set(join(d.dataRoot, 'containers', id, `${id}-json.log`), [
    record('same\n', -1000),
    record('two\n', 20),
    record('same\n', 20),
  ]);
  const client = fakeClient();
  const attach = d.service.attach('web', { ...IO, logs: true }, client.open);
  const live = d.runtime.starts[0]!;
  live.print('sa');
  live.print('me\nfour\n');
  live.exit(0);
  await attach;
  assert.equal(client.text(), 'same\ntwo\nsame\nfour\n');
  const none = new Overlap();
  assert.equal(none.filter(1, Buffer.from('x')).toString(), 'x');
});

test('logs: what the log holds, and the errors Docker gives', async () => {
  await using d = await containerDomain();
  const id = await d.create({}, 'web');
  d.logs.set(join(d.dataRoot, 'containers', id, `${id}-json.log`), [
    { stream: 2, time: 1_136_214_245_000_000_120n, data: Buffer.from('x\n') },
  ]);
  const opts = { stdout: true, stderr: true, follow: false, timestamps: true, details: true };
  const { chunks, tty } = await d.service.logs('web', opts);
  assert.equal(tty, false);
  const out: unknown[] = [];
  for await (const batch of chunks) for (const { stream, data } of batch) out.push([stream, data.toString()]);
  assert.deepEqual(out, [[2, 'x\n']]);
  const message = 'Bad parameters: you must choose at least one stream';
  await assert.rejects(d.service.logs('web', { ...opts, stdout: false, stderr: false }), { message });
  await d.createHost({ LogConfig: { Type: 'none', Config: {} } }, 'mute');
  await assert.rejects(d.service.logs('mute', opts), { code: 'NotImplemented' });
});

test('exec: session, exit code, events; runs once', async () => {
  await using d = await containerDomain();
  await d.run({ Env: ['A=1'] }, 'web');
  const all = { AttachStdin: true, AttachStdout: true, AttachStderr: true };
  const id = await d.service.execCreate('web', { Cmd: ['sh', '-c', 'x'], Env: ['B=2'], ...all });
  assert.equal((await d.service.execInspect(id)).ExitCode, null);
  const client = fakeClient();
  const session = d.service.execStart(id, { tty: false }, client.open);
  const exec = await eventually(() => {
    const started = d.runtime.starts[0]!.execs[0];
    assert.ok(started);
    return started;
  });
  assert.deepEqual(exec.request.env.slice(0, 1), ['PATH=/bin']);
  assert.ok(exec.request.env.includes('A=1') && exec.request.env.includes('B=2'));
  client.stdin.end('in');
  await eventually(() => assert.equal([...exec.subscribers][0]!.stdinClosed, true));
  exec.print('out');
  await d.service.execResize(id, { height: 5, width: 6 });
  exec.exit(4);
  await session;
  assert.equal(client.text(), 'out');
  const shown = await d.service.execInspect(id);
  assert.deepEqual([shown.Running, shown.ExitCode], [false, 4]);
  await assert.rejects(d.service.execStart(id, { tty: false }, client.open), { code: 'Conflict' });
  await assert.rejects(d.service.execInspect('nope'), { code: 'NotFound', message: 'No such exec instance: nope' });
  const execEvents = d.events.filter((e) => e.action.startsWith('exec')).map((e) => e.action);
  assert.deepEqual(execEvents, ['exec_create: sh -c x', 'exec_start: sh -c x', 'exec_die']);
});

test('an exec that cannot start tells its client in the stream', async () => {
  await using d = await containerDomain();
  await d.run({}, 'web');
  d.runtime.execFailure = Object.assign(new Error('OCI runtime exec failed: no such file'), { exitCode: 127 });
  const id = await d.service.execCreate('web', { Cmd: ['nope'], AttachStdout: true });
  const client = fakeClient();
  await d.service.execStart(id, { tty: false }, client.open);
  assert.equal(client.text(), 'OCI runtime exec failed: no such file\r\n');
  assert.equal((await d.service.execInspect(id)).ExitCode, 127);
  const detached = await d.service.execCreate('web', { Cmd: ['nope'] });
  await assert.rejects(d.service.execStart(detached, { tty: false }, undefined), {
    message: /OCI runtime exec failed/,
  });
});

test('health checks: starting, healthy, unhealthy after the retries', async () => {
  await using d = await containerDomain();
  let code = 0;
  d.runtime.onExec = (e) => {
    queueMicrotask(() => {
      e.print('checked');
      e.exit(code);
    });
  };
  const Healthcheck = { Test: ['CMD-SHELL', 'probe'], Interval: 5e6, Retries: 2 };
  await d.run({ Healthcheck }, 'web');
  assert.equal((await d.state('web'))?.Health?.Status, 'starting');
  await eventually(async () => assert.equal((await d.state('web'))?.Health?.Status, 'healthy'));
  code = 1;
  await eventually(async () => assert.equal((await d.state('web'))?.Health?.Status, 'unhealthy'));
  assert.deepEqual(d.runtime.starts[0]!.execs[0]!.request.exec.Cmd, ['/bin/sh', '-c', 'probe']);
  const last = (await d.state('web'))?.Health?.Log?.at(-1);
  assert.deepEqual([last?.ExitCode, last?.Output], [1, 'checked']);
  const listed = await d.service.list({ all: false, size: false, filters: { health: ['unhealthy'] } });
  assert.match(listed[0]?.Status ?? '', /\(unhealthy\)$/);
  const changes = d.events.filter((e) => e.action.startsWith('health_status')).map((e) => e.action);
  assert.deepEqual(changes, ['health_status: healthy', 'health_status: unhealthy']);
});

test('health checks: who is paused or ended is unhealthy without an event, and starts anew', async () => {
  await using d = await containerDomain();
  d.runtime.onExec = (e) => queueMicrotask(() => e.exit(0));
  const Healthcheck = { Test: ['CMD', 'probe'], Interval: 50e6 };
  await d.run({ Healthcheck }, 'web');
  const health = async () => (await d.state('web'))?.Health;
  const becomes = (status: string) => eventually(async () => assert.equal((await health())?.Status, status));
  await becomes('healthy');
  await d.service.pause('web');
  assert.equal((await health())?.Status, 'unhealthy');
  await d.service.unpause('web');
  assert.equal((await health())?.Status, 'unhealthy');
  await becomes('healthy');
  await d.service.stop('web', { timeoutSeconds: 0 });
  assert.equal((await health())?.Status, 'unhealthy');
  await d.service.start('web');
  const again = await health();
  assert.equal(again?.Status, 'starting');
  assert.ok(again?.Log?.length, 'the log goes on');
  const changes = d.events.filter((e) => e.action.startsWith('health_status')).map((e) => e.action);
  assert.deepEqual(changes, ['health_status: healthy', 'health_status: healthy']);
});

test('a health check that takes too long says so with its limit', async () => {
  await using d = await containerDomain();
  const Healthcheck = { Test: ['CMD', 'probe'], Interval: 5e6, Timeout: 15e6, Retries: 1 };
  await d.run({ Healthcheck }, 'web');
  const last = await eventually(async () => (await d.state('web'))?.Health?.Log?.[0] ?? false);
  assert.deepEqual(last && [last.ExitCode, last.Output], [-1, 'Health check exceeded timeout (15ms)']);
});
