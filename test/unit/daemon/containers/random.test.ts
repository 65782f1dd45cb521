/** Random verbs at once on a few containers, with daemon crashes in between; a seed makes a run repeatable (SEED=n). */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { isDockerError } from '../../../../packages/shared/src/errors.ts';
import { containerDomain, type TestDomain } from '../../../support/container-domain.ts';
import { eventually } from '../../../support/eventually.ts';

const NAMES = ['alpha', 'beta', 'gamma'];
const ROUNDS = 25;
const VERBS_A_ROUND = 12;

/** mulberry32: small and repeatable. */
function generator(seed: number) {
  let state = seed;
  return (below: number) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

function verb(d: TestDomain, next: (below: number) => number): Promise<unknown> {
  const s = d.service;
  const name = NAMES[next(NAMES.length)]!;
  const policies = ['no', 'always', 'on-failure', 'unless-stopped'];
  const verbs: (() => Promise<unknown>)[] = [
    () => d.createHost({ RestartPolicy: { Name: policies[next(4)] } }, name),
    () => d.createHost({ AutoRemove: true, Binds: ['/anon'] }, name),
    () => s.start(name),
    () => s.start(name),
    () => s.stop(name, { timeoutSeconds: next(2) ? 0 : undefined }),
    () => s.kill(name, { signal: ['KILL', 'TERM', 'HUP'][next(3)] }),
    () => s.pause(name),
    () => s.unpause(name),
    () => s.restart(name, { timeoutSeconds: 0 }),
    () => s.remove(name, { force: next(2) === 1, volumes: true, link: false }),
    () => s.rename(name, NAMES[next(NAMES.length)]!),
    () => s.update(name, { RestartPolicy: { Name: 'no' } } as never),
    async () => [...d.runtime.running.values()][next(3)]?.exit(next(3)),
  ];
  return verbs[next(verbs.length)]!();
}

async function checkInvariants(d: TestDomain): Promise<void> {
  const list = await d.service.list({ all: true, size: false, filters: {} });
  const live = list.filter((c) => c.State === 'running' || c.State === 'paused').map((c) => c.Id!);
  assert.deepEqual(live.sort(), [...d.runtime.running.keys()].sort(), 'what is said to run is what runs');
  assert.deepEqual([...d.networks.attached.keys()].sort(), live, 'only what runs has an endpoint');
  const ids = list.map((c) => c.Id!).sort();
  assert.deepEqual([...d.images.rootfs].sort(), ids, 'a root file system for each container');
  const users = [...d.volumes.users.values()].flatMap((set) => [...set]);
  assert.ok(
    users.every((id) => ids.includes(id)),
    'no volume is used by a container that is gone',
  );
  const names = list.flatMap((c) => c.Names!);
  assert.equal(new Set(names).size, names.length, 'names are unique');
  const directories = (await readdir(join(d.dataRoot, 'containers'))).sort();
  assert.deepEqual(directories, ids, 'a directory for each container, and no other');
}

test('random verbs at once never break an invariant', async (t) => {
  const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
  t.diagnostic(`SEED=${seed}`);
  const next = generator(seed);
  await using d = await containerDomain();
  for (let round = 0; round < ROUNDS; round++) {
    const results = await Promise.allSettled(Array.from({ length: VERBS_A_ROUND }, () => verb(d, next)));
    for (const r of results) if (r.status === 'rejected') assert.ok(isDockerError(r.reason), String(r.reason?.stack));
    assert.deepEqual(d.warnings, []);
    await eventually(() => checkInvariants(d));
    if (next(5) === 0) {
      await d.service.close();
      await d.crash();
    }
  }
});
