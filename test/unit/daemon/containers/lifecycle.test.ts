import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { DockerError } from '../../../../packages/shared/src/errors.ts';
import { containerDomain } from '../../../support/container-domain.ts';
import { eventually } from '../../../support/eventually.ts';

const RM = { force: false, volumes: false, link: false };
const FORCE = { ...RM, force: true };

test('a run: environment, network, files, events and exit code', async () => {
  await using d = await containerDomain();
  const id = await d.create(
    { Env: ['B=2', 'A'], HostConfig: { PortBindings: { '80/tcp': [{ HostPort: '8080' }] } } } as never,
    'web',
  );
  const { result } = await d.service.wait('web', { condition: 'next-exit' });
  await d.service.start('web');
  const { request } = d.runtime.starts[0]!;
  assert.deepEqual(request.args, ['bash']);
  assert.deepEqual(request.env, ['PATH=/bin', `HOSTNAME=${id.slice(0, 12)}`, 'B=2']);
  assert.deepEqual(
    request.mounts.map((m) => m.destination),
    ['/etc/resolv.conf', '/etc/hostname', '/etc/hosts'],
  );
  const file = (name: string) => readFile(join(d.dataRoot, 'containers', id, name), 'utf8');
  assert.equal(await file('hostname'), `${id.slice(0, 12)}\n`);
  assert.equal(await file('hosts'), `172.17.0.2 ${id.slice(0, 12)}\n`);
  assert.equal((await d.state('web'))?.Status, 'running');
  const [shown] = await d.service.list({ all: false, size: false, filters: {} });
  assert.deepEqual(shown?.Ports, [{ IP: '0.0.0.0', PrivatePort: 80, PublicPort: 8080, Type: 'tcp' }]);
  assert.match(shown?.Status ?? '', /^Up /);
  d.runtime.starts[0]!.exit(3, true);
  assert.deepEqual(await result, { StatusCode: 3 });
  const state = await d.state('web');
  assert.deepEqual([state?.Status, state?.ExitCode, state?.OOMKilled, state?.Pid], ['exited', 3, true, 0]);
  assert.equal(d.networks.attached.size, 0);
  await eventually(() => assert.equal(d.runtime.notes.size, 0));
  assert.deepEqual(d.actions(), ['container create', 'container start', 'container die']);
  assert.deepEqual(d.events.at(-1)?.attributes, { exitCode: '3', execDuration: '0', image: 'debian', name: 'web' });
});

/** [state, verb, message]: what Docker answers; undefined = it works. */

const VERB_ROWS: [string, string, string | undefined][] = [
  ['cr', 'stop', 'container is already stopped'],
  ['cr', 'kill', 'cannot kill container: cr: container ID is not running'],
  ['cr', 'pause', 'container ID is not running'],
  ['cr', 'unpause', 'container ID is not paused'],
  ['cr', 'resize', 'container ID is not running'],
  ['cr', 'exec', 'container ID is not running'],
  ['cr', 'top', 'container ID is not running'],
  ['ru', 'start', 'container is already started'],
  ['ru', 'unpause', 'container ID is not paused'],
  [
    'ru',
    'rm',
    'cannot remove container "/ru": container is running: stop the container before removing or force remove',
  ],
  ['pa', 'start', 'cannot start a paused container, try unpause instead'],
  ['pa', 'pause', 'container ID is already paused'],
  ['pa', 'exec', 'container pa is paused, unpause the container before exec'],
  ['pa', 'attach', 'container pa is paused, unpause the container before attach'],
  ['pa', 'rm', 'cannot remove container "/pa": container is paused and must be unpaused first'],
  ['re', 'start', 'container is already started'],
  ['re', 'pause', 'container ID is restarting, wait until the container is running'],
  ['re', 'exec', 'container ID is restarting, wait until the container is running'],
  ['re', 'attach', 'container re is restarting, wait until the container is running'],
  ['ex', 'stop', 'container is already stopped'],
  ['ex', 'kill', 'cannot kill container: ex: container ID is not running'],
  [
    'ex',
    'rename',
    'error when allocating new name: Conflict. The container name "/cr" is already in use by container "CR". You have to remove (or rename) that container to be able to reuse that name.',
  ],
  [
    'ex',
    'rename-bad',
    'error when allocating new name: Invalid container name (/.z), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed',
  ],
];

test('verbs in states that do not allow them answer as Docker does', async () => {
  await using d = await containerDomain();
  const ids: Record<string, string> = { cr: await d.create({}, 'cr') };
  ids['ru'] = await d.run({}, 'ru');
  ids['pa'] = await d.run({}, 'pa');
  await d.service.pause('pa');
  ids['ex'] = await d.run({}, 'ex');
  await d.service.kill('ex', {});
  ids['re'] = await d.run({ HostConfig: { RestartPolicy: { Name: 'always' } } }, 're');
  for (let runs = 0; runs < 4; runs++) {
    await eventually(() => assert.ok(d.runtime.running.get(ids['re']!)));
    d.runtime.running.get(ids['re']!)!.exit(5);
    await eventually(async () => assert.equal((await d.state('re'))?.Status, 'restarting'));
  }
  const s = d.service;
  const io = { stdin: false, stdout: true, stderr: true, stream: true, logs: false };
  const verbs: Record<string, (ref: string) => Promise<unknown>> = {
    start: (ref) => s.start(ref),
    stop: (ref) => s.stop(ref, {}),
    kill: (ref) => s.kill(ref, {}),
    pause: (ref) => s.pause(ref),
    unpause: (ref) => s.unpause(ref),
    resize: (ref) => s.resize(ref, { height: 1, width: 1 }),
    exec: (ref) => s.execCreate(ref, { Cmd: ['true'] }),
    top: (ref) => s.top(ref, ''),
    rm: (ref) => s.remove(ref, RM),
    attach: (ref) => s.attach(ref, io, async () => assert.fail('opened')),
    rename: (ref) => s.rename(ref, 'cr'),
    'rename-bad': (ref) => s.rename(ref, '.z'),
  };
  for (const [ref, verb, text] of VERB_ROWS) {
    const message = text?.replace('ID', ids[ref]!).replace('CR', ids['cr']!);
    await assert.rejects(verbs[verb]!(ref), { message }, `${verb} ${ref}`);
  }
  assert.deepEqual(s.counts(), { total: 5, running: 2, paused: 1, stopped: 2 });
});

test('stop kills a process that ignores its signal after timeoutSeconds', async () => {
  await using d = await containerDomain();
  d.runtime.onSignal = (c, signal) => signal === 9 && c.exit(137);
  const id = await d.run({ StopSignal: 'SIGUSR1' }, 'deaf');
  await d.service.stop('deaf', { timeoutSeconds: 0 });
  assert.deepEqual(d.runtime.starts[0]!.signals, [10, 9]);
  assert.equal((await d.state(id))?.ExitCode, 137);
  assert.deepEqual(d.actions().slice(2), ['container kill', 'container kill', 'container die', 'container stop']);
});

test('a kill overtakes a stop that waits for ever', async () => {
  await using d = await containerDomain();
  d.runtime.onSignal = (c, signal) => signal === 9 && c.exit(137);
  await d.run({}, 'deaf');
  const stop = d.service.stop('deaf', { timeoutSeconds: -1 });
  await d.service.kill('deaf', {});
  await stop;
  assert.equal((await d.state('deaf'))?.Status, 'exited');
});

test('a start that fails leaves code, text and nothing else', async () => {
  await using d = await containerDomain();
  const message = 'failed to create task for container: exec: "nope": executable file not found in $PATH: unknown';
  d.runtime.startFailure = Object.assign(new DockerError('InvalidParameter', message), { exitCode: 127 });
  await d.create({}, 'bad');
  await assert.rejects(d.service.start('bad'), { message });
  const state = await d.state('bad');
  assert.deepEqual([state?.Status, state?.ExitCode, state?.Error], ['created', 127, message]);
  assert.equal(d.networks.attached.size, 0);
  d.runtime.startFailure = undefined;
  d.networks.attachFailure = new DockerError('System', 'Bind for 0.0.0.0:80 failed: port is already allocated');
  await assert.rejects(d.service.start('bad'), { message: /port is already allocated/ });
  assert.equal((await d.state('bad'))?.ExitCode, 128);
  d.networks.attachFailure = undefined;
  await d.service.start('bad');
  assert.deepEqual([(await d.state('bad'))?.ExitCode, (await d.state('bad'))?.Error], [0, '']);
  d.runtime.startFailure = new DockerError('System', 'no');
  await d.createHost({ AutoRemove: true }, 'brief');
  await assert.rejects(d.service.start('brief'));
  await assert.rejects(d.service.inspect('brief', { size: false }), { code: 'NotFound' });
});

test('--rm removes the container and its anonymous volumes, not the named ones', async () => {
  await using d = await containerDomain();
  const id = await d.run({ HostConfig: { AutoRemove: true, Binds: ['named:/n', '/anon'] } }, 'brief');
  assert.equal(d.volumes.volumes.size, 2);
  const { result } = await d.service.wait(id, { condition: 'removed' });
  d.runtime.starts[0]!.exit(7);
  assert.deepEqual(await result, { StatusCode: 7 });
  assert.deepEqual([...d.volumes.volumes.keys()], ['named']);
  assert.equal(d.images.rootfs.size, 0);
  await eventually(async () => assert.deepEqual(await readdir(join(d.dataRoot, 'containers')), []));
  assert.deepEqual(d.actions().slice(-2), ['volume unmount', 'container destroy']);
});

test('rm -f kills first, and takes the name back', async () => {
  await using d = await containerDomain();
  await d.run({}, 'web');
  await d.service.remove('web', FORCE);
  assert.deepEqual(d.actions().slice(2), ['container kill', 'container die', 'container destroy']);
  await d.create({}, 'web');
});

test('restart policies: back-off, retry limit, manual stop', async () => {
  await using d = await containerDomain();
  await d.run({ HostConfig: { RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 2 } } }, 'job');
  for (let i = 0; i < 3; i++) {
    await eventually(() => assert.equal(d.runtime.starts.length, i + 1));
    d.runtime.starts[i]!.exit(1);
  }
  await eventually(async () => assert.equal((await d.state('job'))?.Status, 'exited'));
  assert.equal((await d.service.inspect('job', { size: false })).RestartCount, 2);
  await d.run({ HostConfig: { RestartPolicy: { Name: 'always' } } }, 'server');
  await d.service.stop('server', {});
  assert.equal((await d.state('server'))?.Status, 'exited');
  assert.equal(d.runtime.starts.length, 4);
});

test('restart of a --rm container keeps it', async () => {
  await using d = await containerDomain();
  await d.run({ HostConfig: { AutoRemove: true } }, 'web');
  await d.service.restart('web', { timeoutSeconds: 0 });
  assert.equal((await d.state('web'))?.Status, 'running');
  const actions = 'kill die stop start restart'.split(' ').map((action) => `container ${action}`);
  assert.deepEqual(d.actions().slice(2), actions);
});

test('the next daemon takes over what runs and settles what ended', async () => {
  await using d = await containerDomain();
  const running = await d.run({}, 'running');
  const paused = await d.run({}, 'paused');
  await d.service.pause('paused');
  await d.create({}, 'created');
  await d.run({}, 'ended');
  await d.run({ HostConfig: { AutoRemove: true } }, 'brief');
  await d.run({ HostConfig: { RestartPolicy: { Name: 'always' } } }, 'always');
  await d.service.close();
  for (const name of ['ended', 'brief', 'always']) {
    const { Id } = await d.service.inspect(name, { size: false });
    const fake = d.runtime.running.get(Id!)!;
    // The daemon is dead when it ends: only the shim's note tells.
    d.runtime.running.delete(Id!);
    d.runtime.notes.set(Id!, { exitCode: 9, oomKilled: false, finishedAt: fake.startedAt + 5n });
  }
  d.networks.attached.clear();
  await d.crash();
  assert.equal((await d.state(running))?.Status, 'running');
  assert.equal((await d.state(paused))?.Status, 'paused');
  assert.equal((await d.state('created'))?.Status, 'created');
  const ended = await d.state('ended');
  assert.deepEqual([ended?.Status, ended?.ExitCode], ['exited', 9]);
  await eventually(async () => assert.equal((await d.state('always'))?.Status, 'running'));
  await eventually(() => assert.rejects(d.service.inspect('brief', { size: false }), { code: 'NotFound' }));
  assert.deepEqual(d.networks.restored.map((r) => r.containerName).sort(), ['paused', 'running']);
  await d.service.unpause('paused');
  await d.service.stop('running', {});
  await d.service.remove('running', RM);
});

test('a daemon killed before it wrote down a start: address and restart policy are those of the run', async () => {
  await using d = await containerDomain();
  const HostConfig = { RestartPolicy: { Name: 'always' } };
  const id = await d.run({ HostConfig }, 'web');
  await d.service.stop('web', {});
  await d.service.close();
  const record = join(d.dataRoot, 'containers', id, 'config.json');
  const stopped = await readFile(record);
  await d.crash();
  await eventually(async () => assert.equal((await d.state('web'))?.Status, 'running'));
  await d.service.close();
  const { NetworkSettings } = await d.service.inspect('web', { size: false });
  await writeFile(record, stopped);
  d.networks.attached.clear();
  await d.crash();
  assert.equal(d.networks.restored.at(-1)?.endpoint.IPAddress, NetworkSettings?.Networks?.bridge?.IPAddress);
  d.runtime.running.get(id)?.exit(1);
  await eventually(async () => assert.equal((await d.service.inspect('web', { size: false })).RestartCount, 1));
});
