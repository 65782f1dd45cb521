/**
 * Thirty containers, many hands, and a daemon that is killed all the while: whatever order things happen in, no container
 * is stuck, what the API says is what the disk and the kernel have, and nothing stays behind.
 *
 * `STRESS_SECONDS=300` runs it longer, `STRESS_SEED=7` again with the same choices.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { after, before, test } from 'node:test';
import { debianArchive } from '../support/base-image.ts';
import { type Answer, engineRequest } from '../support/engine-request.ts';
import { type Engine, startTsdockerd } from '../support/engines.ts';
import { eventually } from '../support/eventually.ts';
import { missing } from '../support/program.ts';

const skip = missing({ root: true });
const seconds = Number(process.env['STRESS_SECONDS'] ?? 30);
const seed = Number(process.env['STRESS_SEED'] ?? Math.floor(Math.random() * 1e9));
const NAMES = Array.from({ length: 30 }, (_, i) => `stress-${i}`);
const HANDS = 12;
/** A request that takes longer is stuck; a stop waits for a second, a start for whoever has the lock. */
const STUCK_MS = 30_000;

let engine: Engine;
/** Of every container there ever was. */
const ids = new Set<string>();

before(async () => {
  if (skip) return;
  engine = await startTsdockerd();
  await engine.ok(['import', await debianArchive(), 'base:test']);
});

after(() => engine?.dispose());

/** mulberry32: small, and the same everywhere. */
function randomNumbers(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const PROGRAMS = [
  ['sleep', '1000'],
  ['sh', '-c', 'trap "" TERM; while :; do sleep 1; done'],
  ['true'],
  ['sh', '-c', 'sleep 0.3; exit 3'],
  ['sh', '-c', 'while :; do echo line; sleep 0.01; done'],
  ['not-there'],
];
const POLICIES = ['no', 'no', 'no', 'always', 'on-failure', 'unless-stopped'];
const NETWORKS = ['bridge', 'none', 'host'];

type Pick = <T>(list: readonly T[]) => T;

function createBody(pick: Pick): object {
  const Name = pick(POLICIES);
  return {
    Image: 'base:test',
    Cmd: pick(PROGRAMS),
    StopTimeout: 1,
    ...(pick([true, false]) && { Volumes: { '/data': {} } }),
    HostConfig: {
      NetworkMode: pick(NETWORKS),
      RestartPolicy: { Name },
      AutoRemove: Name === 'no' && pick([true, false, false]),
      Init: pick([true, false]),
    },
  };
}

/** Each is one request, or two that belong together. */
const ACTIONS: Record<string, (ask: Ask, name: string, pick: Pick) => Promise<Answer>> = {
  create: (ask, name, pick) => ask('POST', `/containers/create?name=${name}`, createBody(pick)),
  start: (ask, name) => ask('POST', `/containers/${name}/start`),
  stop: (ask, name, pick) => ask('POST', `/containers/${name}/stop?t=${pick([0, 1])}`),
  restart: (ask, name) => ask('POST', `/containers/${name}/restart?t=0`),
  kill: (ask, name, pick) => ask('POST', `/containers/${name}/kill?signal=${pick(['KILL', 'TERM', 'USR1'])}`),
  pause: (ask, name) => ask('POST', `/containers/${name}/pause`),
  unpause: (ask, name) => ask('POST', `/containers/${name}/unpause`),
  rename: async (ask, name, pick) => {
    const other = pick(NAMES);
    return await ask('POST', `/containers/${name}/rename?name=${other}`);
  },
  remove: (ask, name, pick) => ask('DELETE', `/containers/${name}?force=${pick([1, 0])}&v=1`),
  exec: async (ask, name, pick) => {
    const made = await ask('POST', `/containers/${name}/exec`, { Cmd: pick([['true'], ['sleep', '2'], ['nope']]) });
    if (made.status !== 201) return made;
    return await ask('POST', `/exec/${(made.body as { Id: string }).Id}/start`, { Detach: true });
  },
  update: (ask, name, pick) => ask('POST', `/containers/${name}/update`, { CpuShares: pick([256, 512]) }),
  inspect: (ask, name) => ask('GET', `/containers/${name}/json`),
};

type Ask = (method: string, path: string, body?: unknown) => Promise<Answer>;

/** What an engine may answer to somebody who comes too late or too early. */
const FORESEEN = [
  /is not paused/,
  /executable file not found in \$PATH/,
  /no such file or directory/,
  /is not running/,
  /already in use/,
];

test(`seed ${seed}, ${seconds} s`, { skip, timeout: (seconds + 240) * 1000 }, async (t) => {
  t.diagnostic(`STRESS_SEED=${seed}`);
  const strange: string[] = [];
  const counts: Record<string, number> = {};
  let isDown = false;
  let slowestStart = 0;
  const end = Date.now() + seconds * 1000;

  const ask: Ask = async (method, path, body) => {
    const began = Date.now();
    const wasDown = isDown;
    const answer = await engineRequest(engine.socket, method, path, body, STUCK_MS);
    if (answer.status === 201 && path.startsWith('/containers/create')) ids.add((answer.body as { Id: string }).Id);
    const took = Date.now() - began;
    if (answer.status === 0) {
      if (!wasDown && !isDown && took >= STUCK_MS) strange.push(`no answer: ${method} ${path}: ${answer.body}`);
    } else if (answer.status >= 500) {
      const { message = '' } = answer.body as { message?: string };
      if (!FORESEEN.some((known) => known.test(message)))
        strange.push(`${method} ${path}: ${answer.status} ${message}`);
    }
    return answer;
  };

  const hand = async (number: number) => {
    const random = randomNumbers(seed + number);
    const pick: Pick = (list) => list[Math.floor(random() * list.length)] as never;
    const names = Object.keys(ACTIONS);
    while (Date.now() < end) {
      const action = pick([...names, 'create', 'start', 'start', 'create']);
      counts[action] = (counts[action] ?? 0) + 1;
      const { status } = await (ACTIONS[action] as (typeof ACTIONS)[string])(ask, pick(NAMES), pick);
      if (status === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };

  const killer = async () => {
    const random = randomNumbers(seed - 1);
    while (Date.now() < end - 2000) {
      await new Promise((resolve) => setTimeout(resolve, 1500 + random() * 5000));
      isDown = true;
      await engine.kill9();
      const began = Date.now();
      await engine.start();
      isDown = false;
      slowestStart = Math.max(slowestStart, Date.now() - began);
      counts['kill -9'] = (counts['kill -9'] ?? 0) + 1;
    }
  };

  await Promise.all([killer(), ...Array.from({ length: HANDS }, (_, i) => hand(i))]);
  t.diagnostic(`${JSON.stringify(counts)}, slowest start of the daemon ${slowestStart} ms`);
  assert.ok(ids.size > 30, 'containers were made');
  assert.deepEqual(strange, [], `STRESS_SEED=${seed}`);
  await eventually(agree, 30_000, 250);

  // The same once more for a daemon that finds all this.
  await engine.kill9();
  await engine.start();
  await eventually(agree, 30_000, 250);

  for (const { Id } of await engine.get<{ Id: string }[]>('/containers/json?all=1')) {
    const { status, body } = await engineRequest(
      engine.socket,
      'DELETE',
      `/containers/${Id}?force=1&v=1`,
      undefined,
      STUCK_MS,
    );
    assert.ok(status === 204 || status === 404 || status === 409, `${Id}: ${status} ${JSON.stringify(body)}`);
  }
  await eventually(() => assert.deepEqual(leftovers(), [], `STRESS_SEED=${seed}`), 30_000, 250);
  assert.deepEqual(await engine.get<{ Volumes: unknown[] }>('/volumes').then(({ Volumes }) => Volumes), []);
});

/** Everything of containers that are no more, on disk and in the kernel. Other daemons may run beside ours. */
function leftovers(): string[] {
  const list = (folder: string) => (existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : []);
  const data = join(engine.directory, 'data');
  const hierarchies = ['/sys/fs/cgroup', ...list('/sys/fs/cgroup')];
  const processes = list('/proc').filter((path) => {
    try {
      return [...readFileSync(join(path, 'cgroup'), 'utf8').matchAll(/[0-9a-f]{64}/g)].some(([id]) => ids.has(id));
    } catch {
      return false;
    }
  });
  return [
    ...list(join(data, 'containers')),
    ...list(join(data, 'volumes')).filter((path) => !path.endsWith('.json')),
    ...list(join(data, 'overlay2')).filter((path) => ids.has(basename(path)) || basename(path).startsWith('tmp-')),
    ...list(join(data, 'overlay2/trash')),
    ...list(join(engine.directory, 'run/shims')),
    ...hierarchies.flatMap((root) => list(join(root, 'tsdocker'))).filter((path) => ids.has(basename(path))),
    ...processes,
    ...readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .filter((line) => line.includes(engine.directory)),
  ];
}

interface Inspect {
  Id: string;
  Name: string;
  State: { Status: string; Running: boolean; Paused: boolean; Restarting: boolean; Pid: number };
}

/** API, disk and kernel tell the same. @throws AssertionError */
async function agree(): Promise<void> {
  const list = await engine.get<{ Id: string; Names: string[] }[]>('/containers/json?all=1');
  const ids = list.map(({ Id }) => Id).sort();
  const directories = readdirSync(join(engine.directory, 'data/containers')).filter((name) =>
    /^[0-9a-f]{64}$/.test(name),
  );
  assert.deepEqual(directories.sort(), ids, 'a directory for each container and no other');
  assert.equal(new Set(list.flatMap(({ Names }) => Names)).size, ids.length, 'names are unique');
  const details = await Promise.all(ids.map((id) => engine.get<Inspect>(`/containers/${id}/json`)));
  const live: string[] = [];
  for (const { Id, Name, State } of details) {
    const what = `${Name} ${JSON.stringify(State)}`;
    assert.ok(['created', 'running', 'paused', 'restarting', 'exited'].includes(State.Status), what);
    if (State.Running && !State.Restarting) {
      live.push(Id);
      assert.ok(existsSync(`/proc/${State.Pid}`), what);
      assert.ok(readFileSync(`/proc/${State.Pid}/cgroup`, 'utf8').includes(Id), what);
    } else if (!State.Running) assert.equal(State.Pid, 0, what);
  }
  const shims = join(engine.directory, 'run/shims');
  const running = existsSync(shims) ? readdirSync(shims) : [];
  const restarting = new Set(details.filter((d) => d.State.Restarting).map((d) => d.Id));
  assert.deepEqual(
    running.filter((id) => !restarting.has(id)).sort(),
    live.sort(),
    'a runtime directory for each that runs and no other',
  );
  const roots = readdirSync(join(engine.directory, 'data/overlay2')).filter((name) =>
    existsSync(join(engine.directory, 'data/overlay2', name, 'rootfs.json')),
  );
  assert.deepEqual(roots.sort(), ids, 'a root file system for each container and no other');
}
