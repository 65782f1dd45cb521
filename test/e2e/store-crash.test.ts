/**
 * kill -9 of the daemon at random moments of pull, load, build, rmi and prune: the store is never damaged, the next daemon
 * removes what was left, the same commands then succeed, and what is on disk is what `system df` counts.
 *
 * STORE_CRASHES=50 kills so often (12 by default); STORE_SEED repeats a run whose seed was printed.
 */
import assert from 'node:assert/strict';
import { lstatSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type Engine, startTsdockerd } from '../support/engines.ts';
import { eventually } from '../support/eventually.ts';
import { imageOf, savedArchive } from '../support/image-fixture.ts';
import { type LocalRegistry, startRegistry } from '../support/local-registry.ts';
import { missing, runProgram } from '../support/program.ts';
import { randomFrom } from '../support/seeded-random.ts';

const skip = missing({ root: true, programs: ['docker-registry', 'skopeo'] });
const crashes = Number(process.env['STORE_CRASHES'] ?? 12);
const seed = Number(process.env['STORE_SEED'] ?? Date.now() % 1_000_000);
const tsdockerd = join(import.meta.dirname, '../../bin/tsdockerd');
/** Of one layer; enough that a kill often falls into the middle of it. */
const LAYER_BYTES = 1 << 20;
const LAYERS = 4;

let engine: Engine;
let registry: LocalRegistry;
let folder = '';
/** What a user types, each with what must work after it. */
let commands: readonly string[][];

before(async () => {
  if (skip) return;
  folder = mkdtempSync(join(tmpdir(), 'tsd-store-crash-'));
  [engine, registry] = await Promise.all([startTsdockerd(), startRegistry()]);
  const random = randomFrom(seed);
  const layer = (name: string) => [
    { name: `${name}/big`, content: Buffer.from(Array.from({ length: LAYER_BYTES }, () => random(256))) },
    ...Array.from({ length: 200 }, (_, i) => ({ name: `${name}/${i}`, content: `${name} ${i}` })),
  ];
  const layers = Array.from({ length: LAYERS }, (_, i) => layer(`l${i}`));
  const [one, two] = [await imageOf(layers), await imageOf([...layers.slice(0, 2), layer('other')])];
  await registry.push(one, 'one:1');
  await registry.push(two, 'two:1');
  writeFileSync(join(folder, 'two.tar'), await savedArchive(two, ['loaded:1']));
  writeFileSync(join(folder, 'Dockerfile'), `FROM ${registry.host}/one:1\nCOPY two.tar /a\nCOPY Dockerfile /b\n`);
  commands = [
    ['pull', '-q', `${registry.host}/one:1`],
    ['pull', '-q', `${registry.host}/two:1`],
    ['load', '-q', '-i', join(folder, 'two.tar')],
    ['build', '-q', '-t', 'built:1', folder],
    ['rmi', '-f', `${registry.host}/one:1`, `${registry.host}/two:1`, 'loaded:1', 'built:1'],
    ['image', 'prune', '-af'],
    ['builder', 'prune', '-af'],
  ];
});

after(async () => {
  await engine?.dispose();
  await registry?.close();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

/** @returns what the check printed; it fails the test when there is damage */
async function check(when: string): Promise<string> {
  const { code, stdout, stderr } = await runProgram(tsdockerd, ['--check-store', '--data-root', dataRoot()]);
  assert.equal(code, 0, `seed ${seed}, ${when}: ${stdout}${stderr}`);
  return stdout;
}

const dataRoot = (): string => join(engine.directory, 'data');

/** Of all files but directories below a path, hard links once. */
function fileBytes(path: string, seen = new Set<string>()): number {
  const entry = lstatSync(path);
  if (entry.isDirectory()) return readdirSync(path).reduce((sum, name) => sum + fileBytes(join(path, name), seen), 0);
  const inode = `${entry.dev} ${entry.ino}`;
  if (seen.has(inode)) return 0;
  seen.add(inode);
  return entry.size;
}

interface Usage {
  LayersSize: number;
  Containers: { SizeRw?: number }[];
  Volumes: { UsageData: { Size: number } }[];
  BuildCache: { Size: number; Shared: boolean }[];
}

async function countedBytes(): Promise<number> {
  const usage = await engine.get<Usage>('/v1.51/system/df');
  const sum = (sizes: number[]) => sizes.reduce((a, b) => a + b, 0);
  return (
    usage.LayersSize +
    sum(usage.Containers.map((container) => container.SizeRw ?? 0)) +
    sum(usage.Volumes.map((volume) => volume.UsageData.Size)) +
    sum(usage.BuildCache.map((record) => (record.Shared ? 0 : record.Size)))
  );
}

const trashIsEmpty = (): boolean => readdirSync(join(dataRoot(), 'overlay2/trash')).length === 0;

/** Where the bytes are. */
function places(): string {
  const below = (path: string) => readdirSync(path).map((name) => join(path, name));
  const paths = below(dataRoot()).flatMap((path) => (lstatSync(path).isDirectory() ? below(path) : [path]));
  return paths.map((path) => `${fileBytes(path)} ${path}`).join('\n');
}

/** Within 1 %, beside the daemon's own records. */
async function assertCounted(when: string): Promise<void> {
  await eventually(trashIsEmpty, 30_000);
  const [counted, onDisk] = [await countedBytes(), fileBytes(dataRoot())];
  const records = 256 << 10;
  assert.ok(
    Math.abs(onDisk - counted) <= counted / 100 + records,
    `seed ${seed}, ${when}: ${onDisk} bytes on disk, system df counts ${counted}\n${places()}`,
  );
}

describe('a daemon killed at any moment', { skip }, () => {
  test(`${crashes} times, seed ${seed}`, { timeout: 60_000 + crashes * 20_000 }, async (t) => {
    t.diagnostic(`STORE_SEED=${seed}`);
    const random = randomFrom(seed);
    for (let i = 0; i < crashes; i++) {
      const first = commands[random(commands.length)] as string[];
      const second = commands[random(commands.length)] as string[];
      const when = `crash ${i} in ${first[0]} ${first[1]} beside ${second[0]} ${second[1]}`;
      const running = [first, second].map((args) => engine.cli(args, { timeoutMs: 60_000 }));
      await delay(random(i % 2 === 0 ? 250 : 1200));
      await engine.kill9();
      await Promise.all(running);
      await check(`${when}, before the next start`);
      await engine.start();
      for (const args of [first, second]) {
        const { code, stderr } = await engine.cli(args);
        // Removing what another command has removed is told as docker tells it, and no more.
        const isGone = /No such image|not found/i.test(stderr) && args[0] === 'rmi';
        assert.ok(code === 0 || isGone, `seed ${seed}, ${when}: ${args.join(' ')} afterwards: ${stderr}`);
      }
      if (i % 4 === 3) await assertCounted(when);
    }
    for (const args of commands.slice(0, 4)) await engine.ok(args);
    await assertCounted('everything is there');
    for (const args of commands.slice(4)) await engine.ok(args);
    await eventually(trashIsEmpty, 30_000);
    await engine.kill9();
    assert.doesNotMatch(await check('everything is removed'), /left over/);
    assert.match(await check('everything is removed'), /: 0 images, 0 layers, 0 blobs, 0 bytes: no damage\n$/);
  });
});
