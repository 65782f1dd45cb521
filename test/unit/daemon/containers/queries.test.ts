import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expandExposed } from '../../../../packages/daemon/src/containers/ports.ts';
import {
  nextDelay,
  shouldRestart,
  shouldStartAtBoot,
} from '../../../../packages/daemon/src/containers/restart-policy.ts';
import { formatNanos, parseNanos } from '../../../../packages/daemon/src/containers/time.ts';
import { pickProcesses } from '../../../../packages/daemon/src/containers/top.ts';
import { parseCpuList } from '../../../../packages/daemon/src/runtime/cgroup/cpu-list.ts';
import { containerDomain } from '../../../support/container-domain.ts';

const ALL = { all: true, size: false, filters: {} };

/** [filters, names that match, newest first] */
const FILTER_ROWS: [Record<string, string[]>, string[]][] = [
  [{}, ['three', 'two', 'one']],
  [{ name: ['^/t'] }, ['three', 'two']],
  [{ name: ['one', 'two'] }, ['two', 'one']],
  [{ name: ['['] }, []],
  [{ label: ['a'] }, ['two', 'one']],
  [{ label: ['a=1'] }, ['one']],
  [{ label: ['a', 'b'] }, ['two']],
  [{ status: ['running'] }, ['two']],
  [{ status: ['created', 'exited'] }, ['three', 'one']],
  [{ exited: ['3'] }, ['one']],
  [{ exited: ['0'] }, []],
  [{ before: ['two'] }, ['one']],
  [{ since: ['two'] }, ['three']],
  [{ volume: ['vol'] }, ['two']],
  [{ volume: ['/data'] }, ['two']],
  [{ network: ['custom'] }, ['three']],
  [{ publish: ['8080'] }, ['two']],
  [{ publish: ['80-81/tcp'] }, ['two']],
  [{ expose: ['90/udp'] }, ['one']],
  [{ ancestor: ['debian'] }, ['two', 'one']],
  [{ ancestor: ['base'] }, ['three']],
  [{ ancestor: ['nosuch'] }, []],
  [{ health: ['none'] }, ['three', 'two', 'one']],
  [{ 'is-task': ['true'] }, []],
  [{ 'is-task': ['false'] }, ['three', 'two', 'one']],
];

/** [filters, message] */
const BAD_FILTER_ROWS: [Record<string, string[]>, string][] = [
  [{ foo: ['x'] }, "invalid filter 'foo'"],
  [{ status: ['zz'] }, "invalid filter 'status=zz'"],
  [{ exited: ['zz'] }, 'strconv.Atoi: parsing "zz": invalid syntax'],
  [{ health: ['zz'] }, 'Unrecognised filter value for health: zz'],
  [{ publish: ['zz'] }, 'error while looking up for publish zz: strconv.ParseUint: parsing "zz": invalid syntax'],
  [{ expose: ['80-x'] }, 'error while looking up for expose 80-x: strconv.ParseUint: parsing "x": invalid syntax'],
  [
    { expose: ['70000'] },
    'error while looking up for expose 70000: strconv.ParseUint: parsing "70000": value out of range',
  ],
  [{ publish: ['5-3'] }, 'error while looking up for publish 5-3: invalid range specified for port: 5-3'],
  [{ before: ['nosuch'] }, 'No such container: nosuch'],
];

test('ps filters', async () => {
  await using d = await containerDomain();
  d.images.add('child', { Cmd: ['x'] } as never, { diffIds: ['sha256:base', 'sha256:top'] });
  d.images.add('base', { Cmd: ['x'] } as never, { diffIds: ['sha256:base'] });
  const one = await d.run({ Labels: { a: '1' }, ExposedPorts: { '90/udp': {} } }, 'one');
  d.runtime.running.get(one)!.exit(3);
  const PortBindings = { '80/tcp': [{ HostPort: '8080' }] };
  await d.run({ Labels: { a: '2', b: '' }, HostConfig: { Binds: ['vol:/data'], PortBindings } }, 'two');
  const child = { Image: 'child', HostConfig: { NetworkMode: 'custom' } };
  await d.create(child as never, 'three');
  for (const [filters, names] of FILTER_ROWS) {
    const found = await d.service.list({ ...ALL, filters });
    assert.deepEqual(
      found.map((c) => c.Names![0]!.slice(1)),
      names,
      JSON.stringify(filters),
    );
  }
  for (const [filters, message] of BAD_FILTER_ROWS)
    await assert.rejects(d.service.list({ ...ALL, filters }), { message });
  const names = async (opts: object) => (await d.service.list({ ...ALL, ...opts })).map((c) => c.Names![0]);
  assert.deepEqual(await names({ all: false }), ['/two']);
  assert.deepEqual(await names({ all: false, limit: 2 }), ['/three', '/two']);
});

test('ps shows command, status and size', async () => {
  await using d = await containerDomain();
  const id = await d.run({ Cmd: ['sh', '-c', 'exit 3'] }, 'web');
  d.runtime.running.get(id)!.exit(3);
  const { result } = await d.service.wait(id, { condition: 'not-running' });
  assert.deepEqual(await result, { StatusCode: 3 });
  const [c] = await d.service.list({ ...ALL, size: true });
  assert.equal(c?.Command, "sh -c 'exit 3'");
  assert.equal(c?.Status, 'Exited (3) Less than a second ago');
  assert.deepEqual([c?.SizeRw, c?.SizeRootFs], [10, 100]);
});

test('wait: a bad moment is never missed, a cancelled wait leaves', async () => {
  await using d = await containerDomain();
  const id = await d.create({}, 'web');
  assert.deepEqual(await (await d.service.wait(id, { condition: 'not-running' })).result, { StatusCode: 0 });
  const abort = new AbortController();
  const { result } = await d.service.wait(id, { condition: 'next-exit', signal: abort.signal });
  abort.abort();
  await assert.rejects(result, { code: 'Cancelled' });
  const removed = await d.service.wait(id, { condition: 'removed' });
  await d.service.remove(id, { force: false, volumes: false, link: false });
  assert.deepEqual(await removed.result, { StatusCode: 0 });
});

test('stats: a pair of samples, one, or none to speak of', async () => {
  await using d = await containerDomain();
  await d.run({}, 'web');
  await d.create({}, 'idle');
  const one = async (ref: string, oneShot: boolean) => {
    for await (const sample of await d.service.stats(ref, { stream: false, oneShot })) return sample;
    return undefined;
  };
  const first = await one('web', true);
  assert.equal(first?.memory_stats?.usage, 1024);
  assert.equal(first?.preread, '0001-01-01T00:00:00Z');
  const pair = await one('web', false);
  assert.equal(pair?.precpu_stats?.cpu_usage?.total_usage, 5);
  assert.ok((pair?.cpu_stats?.system_cpu_usage ?? 0) >= (pair?.precpu_stats?.system_cpu_usage ?? 1));
  const idle = await one('idle', false);
  assert.equal(idle?.read, '0001-01-01T00:00:00Z');
});

test('stats: clients of a container share one reader, which the last one closes; removal ends the stream', async () => {
  await using d = await containerDomain();
  await d.run({}, 'web');
  const options = { stream: true, oneShot: false };
  const abort = new AbortController();
  const [left, right] = [
    await d.service.stats('web', options),
    await d.service.stats('web', { ...options, signal: abort.signal }),
  ];
  const [a, b] = [left[Symbol.asyncIterator](), right[Symbol.asyncIterator]()];
  const firsts = await Promise.all([a.next(), b.next()]);
  assert.deepEqual(
    firsts.map(({ value }) => value?.preread),
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00Z'],
  );
  assert.equal(d.runtime.statsReaders, 1);
  const [second, other] = await Promise.all([a.next(), b.next()]);
  assert.equal(second.value.preread, firsts[0].value.read);
  assert.equal(second.value.read, other.value.read);
  abort.abort();
  assert.equal((await b.next()).done, true);
  assert.equal(d.runtime.statsReaders, 1);
  await d.service.remove('web', { force: true, volumes: false, link: false });
  while (!(await a.next()).done);
  assert.equal(d.runtime.statsReaders, 0);
});

test('top: the container’s processes, whatever the columns', async () => {
  await using d = await containerDomain();
  d.runtime.pidShown = process.pid;
  await d.run({}, 'web');
  const shown = await d.service.top('web', '');
  assert.equal(shown.Titles?.[1], 'PID');
  assert.deepEqual(
    shown.Processes?.map((row) => row[1]),
    [String(process.pid)],
  );
  await assert.rejects(d.service.top('web', '-o x=PID'), {
    code: 'InvalidParameter',
    message: 'specifying "x=PID" is not allowed',
  });
  const output = 'PID CMD\n 1 init\n 22 sh -c  a b\n';
  assert.deepEqual(pickProcesses(output, new Set([22])), { Titles: ['PID', 'CMD'], Processes: [['22', 'sh -c a b']] });
  assert.throws(() => pickProcesses('CMD\nx\n', new Set()), { message: "Couldn't find PID field in ps output" });
});

test('update changes limits and policy, or nothing', async () => {
  await using d = await containerDomain();
  const id = await d.createHost({ Memory: 16 << 20, NanoCpus: 1e9 }, 'web');
  const cannot = (text: string) => `Cannot update container ${id}: ${text}`;
  const rows: [Record<string, unknown>, string][] = [
    [{ Memory: 1000 }, 'Minimum memory limit allowed is 6MB'],
    [
      { Memory: 64 << 20 },
      cannot(
        'Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time',
      ),
    ],
    [
      { Memory: 8 << 20, MemorySwap: 7 << 20 },
      'Minimum memoryswap limit should be larger than memory limit, see usage',
    ],
    [{ CpuQuota: 5000 }, cannot('Conflicting options: CPU Quota cannot be updated as NanoCPUs has already been set')],
    [
      { RestartPolicy: { Name: 'zz' } },
      "invalid restart policy: unknown policy 'zz'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'",
    ],
  ];
  for (const [given, message] of rows) await assert.rejects(d.service.update('web', given as never), { message });
  const policy = { Name: 'always' as const, MaximumRetryCount: 0 };
  await d.service.update('web', { Memory: 64 << 20, MemorySwap: -1, RestartPolicy: policy });
  await d.service.close();
  await d.crash();
  const { HostConfig } = await d.service.inspect('web', { size: false });
  assert.deepEqual([HostConfig?.Memory, HostConfig?.MemorySwap, HostConfig?.NanoCpus], [64 << 20, -1, 1e9]);
  assert.deepEqual(HostConfig?.RestartPolicy, policy);
  const unlimitedSwap = cannot(
    'Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time',
  );
  await assert.rejects(d.service.update('web', { Memory: 32 << 20 }), { code: 'Conflict', message: unlimitedSwap });
  for (const [asked, kept] of [
    [30, 30],
    [-1, 0],
  ]) {
    await d.service.update('web', { PidsLimit: asked } as never);
    assert.equal((await d.service.inspect('web', { size: false })).HostConfig?.PidsLimit, kept);
  }
  await d.createHost({ AutoRemove: true }, 'removes');
  await assert.rejects(d.service.update('removes', { RestartPolicy: { Name: 'always' } } as never), {
    code: 'Conflict',
    message: /^Cannot update container \w+: Restart policy cannot be updated because AutoRemove is enabled/,
  });
});

test('prune removes what does not run and matches', async () => {
  await using d = await containerDomain();
  await d.run({}, 'runs');
  const [kept, gone] = [await d.create({ Labels: { keep: '' } }, 'kept'), await d.create({}, 'gone')];
  assert.deepEqual(await d.service.prune({ until: ['1h'] }), { deleted: [], reclaimedBytes: 0 });
  assert.deepEqual(await d.service.prune({ 'label!': ['keep'] }), { deleted: [gone], reclaimedBytes: 10 });
  assert.deepEqual((await d.service.list(ALL)).map((c) => c.Id).includes(kept), true);
  assert.equal(d.events.at(-1)?.attributes['reclaimed'], '10');
  await assert.rejects(d.service.prune({ zz: ['x'] }), { message: "invalid filter 'zz'" });
});

test('restart decisions and delays', () => {
  const ended = { exitCode: 1, restarts: 0, manuallyStopped: false };
  assert.equal(shouldRestart({ Name: 'on-failure' }, { ...ended, exitCode: 0 }), false);
  assert.equal(shouldRestart({ Name: 'on-failure', MaximumRetryCount: 2 }, { ...ended, restarts: 2 }), false);
  assert.equal(shouldRestart({ Name: 'always' }, { ...ended, exitCode: 0 }), true);
  assert.equal(shouldRestart({ Name: 'always' }, { ...ended, manuallyStopped: true }), false);
  assert.equal(shouldStartAtBoot({ Name: 'always' }, { ...ended, manuallyStopped: true, wasRunning: false }), true);
  assert.equal(
    shouldStartAtBoot({ Name: 'unless-stopped' }, { ...ended, manuallyStopped: true, wasRunning: false }),
    false,
  );
  const delays = [0, 1, 2, 3].reduce<number[]>((list) => [...list, nextDelay(list.at(-1) ?? 0, 5)], []);
  assert.deepEqual(delays, [100, 200, 400, 800]);
  assert.equal(nextDelay(50_000, 5), 60_000);
  assert.equal(nextDelay(50_000, 10_000), 100);
});

test('ranges and times', () => {
  assert.deepEqual(expandExposed('8000-8002/udp'), ['8000/udp', '8001/udp', '8002/udp']);
  for (const bad of ['9-8', '1-99999', 'x', '80/zz', '-1']) assert.throws(() => expandExposed(bad));
  assert.deepEqual([...parseCpuList('0-2,5')], [0, 1, 2, 5]);
  assert.throws(() => parseCpuList('0-999999999'));
  for (const nanos of [1_700_000_000_000_000_000n, 1_700_000_000_120_000_005n]) {
    assert.equal(parseNanos(formatNanos(nanos)), nanos);
  }
  assert.equal(formatNanos(1_700_000_000_100_000_000n), '2023-11-14T22:13:20.1Z');
});
