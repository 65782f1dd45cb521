/** `load` and `save` of a Debian root file system of 200 MB in one layer and in ten, and what a pull of 1 GB needs of memory. */
import { execFileSync } from 'node:child_process';
import { createHash, randomFillSync } from 'node:crypto';
import {
  closeSync,
  createReadStream,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { debianArchive } from '../test/support/base-image.ts';
import { type Engine, startDockerd, startTsdockerd, tsdocker } from '../test/support/engines.ts';
import { startRegistry } from '../test/support/local-registry.ts';
import { findProgram } from '../test/support/program.ts';
import type { Side } from './side.ts';

type Compare = (
  what: string,
  once: (side: Side) => Promise<unknown>,
  times: number,
  prepare?: (side: Side) => Promise<unknown>,
) => Promise<void>;

const TIMES = 3;
const BIG_GB = 1;

/**
 * Each load goes into a data root of its own, and nothing is deleted before the end: ext4 passes over inodes that were
 * freed in the last seconds, which makes whoever writes next several times slower.
 */
export async function images(compare: Compare): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-images-'));
  const started: Engine[] = [];
  /** The newest of each side. */
  const fresh = new Map<string, Engine>();
  const begin = async (side: Side): Promise<void> => {
    const engine = await (side.engine.name === 'tsdockerd' ? startTsdockerd() : startDockerd());
    started.push(engine);
    fresh.set(side.name, engine);
  };
  const ok = ({ name, client }: Side, ...args: string[]): Promise<string> =>
    (fresh.get(name) as Engine).ok(args, { client, timeoutMs: 300_000 });
  try {
    const root = join(folder, 'root');
    mkdirSync(root);
    execFileSync('tar', ['-C', root, '-xf', await debianArchive()]);
    // The base system alone is half of it.
    execFileSync('cp', ['-a', join(root, 'usr'), join(root, 'more')]);
    for (const count of [1, 10]) {
      const archive = await archiveOf(folder, root, count);
      const what = `200 MB in ${count} layer${count === 1 ? '' : 's'}`;
      await compare(`load, ${what}`, (side) => ok(side, 'load', '-q', '-i', archive), TIMES, begin);
      const saved = `${archive}.saved`;
      await compare(`save, ${what}`, (side) => ok(side, 'save', '-o', saved, `bench:${count}`), TIMES);
    }
  } finally {
    for (const engine of started) await engine.dispose();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A `docker save` archive of the tree in so many layers of about the same number of files. @returns its path */
async function archiveOf(folder: string, root: string, count: number): Promise<string> {
  const names = execFileSync('find', ['.', '-mindepth', '1', '-print0'], { cwd: root, maxBuffer: 64 << 20 })
    .toString('latin1')
    .split('\0')
    .filter(Boolean);
  const directory = mkdtempSync(join(folder, 'layers-'));
  const size = Math.ceil(names.length / count);
  const diffIds: string[] = [];
  for (let i = 0; i < count; i++) {
    const list = join(directory, 'list');
    writeFileSync(list, names.slice(i * size, (i + 1) * size).join('\0'), 'latin1');
    const layer = join(directory, `${i}.tar`);
    execFileSync('tar', ['--null', '--no-recursion', '-C', root, '-cf', layer, '-T', list]);
    const hash = createHash('sha256');
    await pipeline(createReadStream(layer), hash);
    diffIds.push(`sha256:${hash.digest('hex')}`);
    rmSync(list);
  }
  const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64';
  const config = { architecture, os: 'linux', config: {}, rootfs: { type: 'layers', diff_ids: diffIds } };
  writeFileSync(join(directory, 'config.json'), JSON.stringify(config));
  const entry = { Config: 'config.json', RepoTags: [`bench:${count}`], Layers: diffIds.map((_, i) => `${i}.tar`) };
  writeFileSync(join(directory, 'manifest.json'), JSON.stringify([entry]));
  const archive = join(folder, `${count}.tar`);
  execFileSync('tar', ['-C', directory, '-cf', archive, '.']);
  rmSync(directory, { recursive: true });
  return archive;
}

/** @returns kilobytes a daemon's memory grows to during a pull; undefined where there is no registry server */
export async function pullPeak(): Promise<{ peakKb: number; idleKb: number } | undefined> {
  if (!findProgram('docker-registry')) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'bench-pull-'));
  const registry = await startRegistry();
  try {
    const file = join(folder, 'noise');
    const piece = Buffer.alloc(64 << 20);
    const fd = openSync(file, 'w');
    for (let i = 0; i < BIG_GB * 16; i++) writeSync(fd, randomFillSync(piece));
    closeSync(fd);
    execFileSync('tar', ['-C', folder, '-cf', join(folder, 'big.tar'), 'noise']);
    const name = `${registry.host}/big:1`;
    const pusher = await startTsdockerd();
    try {
      await pusher.ok(['import', join(folder, 'big.tar'), name], { timeoutMs: 300_000 });
      await pusher.ok(['push', '-q', name], { timeoutMs: 300_000 });
    } finally {
      await pusher.dispose();
    }
    const puller = await startTsdockerd();
    try {
      const idleKb = highWater(puller.pid);
      await puller.ok(['pull', '-q', name], { client: tsdocker, timeoutMs: 300_000 });
      return { idleKb, peakKb: highWater(puller.pid) };
    } finally {
      await puller.dispose();
    }
  } finally {
    await registry.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

const highWater = (pid: number): number =>
  Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
