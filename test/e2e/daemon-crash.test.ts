/** kill -9 of the daemon is a normal event: containers, their output and their end are not lost. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { debianArchive } from '../support/base-image.ts';
import { type Engine, startTsdockerd } from '../support/engines.ts';
import { eventually } from '../support/eventually.ts';
import { missing } from '../support/program.ts';

const skip = missing({ root: true });
let engine: Engine;

before(async () => {
  if (skip) return;
  engine = await startTsdockerd();
  await engine.ok(['import', '--change', 'CMD ["/bin/bash"]', await debianArchive(), 'base:test']);
});

after(() => engine?.dispose());

const inspect = (format: string, name: string): Promise<string> => engine.ok(['inspect', '-f', format, name]);

test('no line is lost, the process stays, and the next daemon has it in hand', { skip }, async () => {
  await engine.ok([
    'run',
    '-d',
    '--name',
    'counter',
    '-p',
    '127.0.0.1::80',
    'base:test',
    'bash',
    '-c',
    'i=0; while :; do echo $((i++)); sleep 0.005; done',
  ]);
  await eventually(async () => (await engine.ok(['logs', 'counter'])).split('\n').length > 50);
  const pid = await inspect('{{.State.Pid}}', 'counter');
  const published = await engine.ok(['port', 'counter']);
  const address = await inspect('{{.NetworkSettings.Networks.bridge.IPAddress}}', 'counter');

  await engine.kill9();
  process.kill(Number(pid), 0);
  await engine.start();

  assert.equal(await inspect('{{.State.Pid}} {{.State.Status}}', 'counter'), `${pid} running`);
  assert.equal(await engine.ok(['port', 'counter']), published);
  assert.equal(await inspect('{{.NetworkSettings.Networks.bridge.IPAddress}}', 'counter'), address);
  const before = (await engine.ok(['logs', 'counter'])).split('\n').length;
  await eventually(async () => (await engine.ok(['logs', 'counter'])).split('\n').length > before + 50);
  const numbers = (await engine.ok(['logs', 'counter'])).split('\n').map(Number);
  numbers.forEach((number, index) => {
    assert.equal(number, index);
  });
  assert.equal(await engine.ok(['exec', 'counter', 'echo', 'in']), 'in');
  const other = await engine.ok(['run', '--rm', 'base:test', 'cat', '/etc/hosts']);
  assert.ok(!other.includes(`${address}\t`), 'an address in use was given away');
  await engine.ok(['stop', '-t', '0', 'counter']);
  assert.equal(await inspect('{{.State.Status}} {{.State.ExitCode}}', 'counter'), 'exited 137');
  await engine.ok(['rm', 'counter']);
});

test('an end while no daemon is there is found with its exit code; --rm still removes', { skip }, async () => {
  await engine.ok([
    'run',
    '-d',
    '--name',
    'ends',
    'base:test',
    'sh',
    '-c',
    'while [ ! -e /tmp/go ]; do sleep 0.05; done; echo last words; exit 5',
  ]);
  await engine.ok([
    'run',
    '-d',
    '--rm',
    '--name',
    'vanishes',
    'base:test',
    'sh',
    '-c',
    'while [ ! -e /tmp/go ]; do sleep 0.05; done',
  ]);
  const pids = await Promise.all(['ends', 'vanishes'].map((name) => inspect('{{.State.Pid}}', name)));
  await engine.ok(['exec', '-d', 'ends', 'sh', '-c', 'sleep 0.7; touch /tmp/go']);
  await engine.ok(['exec', '-d', 'vanishes', 'sh', '-c', 'sleep 0.7; touch /tmp/go']);
  await engine.kill9();
  await eventually(() => pids.every((pid) => !alive(Number(pid))), 10_000);
  await engine.start();
  assert.equal(await inspect('{{.State.Status}} {{.State.ExitCode}}', 'ends'), 'exited 5');
  assert.equal(await engine.ok(['logs', 'ends']), 'last words');
  await eventually(async () => (await engine.ok(['ps', '-a', '--format', '{{.Names}}'])) === 'ends');
  await engine.ok(['rm', 'ends']);
});

test('attach and wait work through the new daemon; a paused one is still paused', { skip }, async () => {
  await engine.ok(['run', '-di', '--name', 'cat', 'base:test', 'cat']);
  await engine.ok(['run', '-d', '--name', 'still', 'base:test', 'sleep', '1000']);
  await engine.ok(['pause', 'still']);
  await engine.kill9();
  await engine.start();
  assert.equal(await inspect('{{.State.Status}}', 'still'), 'paused');
  await engine.ok(['unpause', 'still']);
  const waiting = engine.cli(['wait', 'cat']);
  // The end of a client's input is not the end of the container's: the attach goes on until it is cut.
  const attached = await engine.cli(['attach', 'cat'], { input: 'echoed\n', timeoutMs: 1500 });
  assert.equal(attached.stdout, 'echoed\n');
  await engine.ok(['kill', 'cat']);
  assert.equal((await waiting).stdout, '137\n');
  await engine.ok(['rm', '-f', 'cat', 'still']);
});

interface ExecState {
  Running: boolean;
  ExitCode: number | null;
  Pid: number;
  ProcessConfig: { arguments: string[] };
}

test('execs go on, and those that ended meanwhile tell their exit code', { skip }, async () => {
  await engine.ok(['run', '-d', '--name', 'execs', 'base:test', 'sleep', '1000']);
  await engine.ok(['exec', '-d', '-u', 'nobody', 'execs', 'sleep', '1001']);
  await engine.ok(['exec', '-d', 'execs', 'sh', '-c', 'until [ -e /tmp/go ]; do sleep 0.02; done; exit 7']);
  const ids = JSON.parse(await inspect('{{json .ExecIDs}}', 'execs')) as string[];
  const look = (id = '') => engine.get<ExecState>(`/exec/${id}/json`);
  const [goesOn, ends] = await Promise.all(ids.map(look));
  assert.ok(goesOn?.Running && ends?.Running);
  await engine.ok(['exec', '-d', 'execs', 'sh', '-c', 'sleep 0.5; touch /tmp/go']);
  await engine.kill9();
  await eventually(() => !alive(ends.Pid));
  await engine.start();
  assert.deepEqual(await look(ids[0]), goesOn);
  assert.deepEqual(await look(ids[1]), { ...ends, Running: false, ExitCode: 7, Pid: 0 });
  assert.equal(await inspect('{{json .ExecIDs}}', 'execs'), JSON.stringify([ids[0]]));
  process.kill(goesOn.Pid, 'SIGTERM');
  await eventually(async () => (await look(ids[0])).ExitCode === 143);
  await engine.ok(['rm', '-f', 'execs']);
});

test('a restart policy brings a container back, also after the daemon was away', { skip }, async () => {
  await engine.ok(['run', '-d', '--name', 'always', '--restart', 'always', 'base:test', 'sleep', '1000']);
  const pid = Number(await inspect('{{.State.Pid}}', 'always'));
  await engine.kill9();
  process.kill(pid, 'SIGKILL');
  await eventually(() => !alive(pid));
  await engine.start();
  await eventually(async () => (await inspect('{{.State.Status}}', 'always')) === 'running', 10_000);
  assert.notEqual(Number(await inspect('{{.State.Pid}}', 'always')), pid);
  await engine.ok(['rm', '-f', 'always']);
});

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
