/** `cp` of one big file and of many small ones, into a container and out of it. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Side } from './side.ts';

type Compare = (what: string, once: (side: Side) => Promise<unknown>, times: number) => Promise<void>;

const BIG_MB = 100;
const SMALL = 20_000;
const SMALL_BYTES = 1000;
const FILES_IN_DIRECTORY = 100;
const TIMES = 3;

/** Leaves nothing behind. */
export async function files(all: readonly Side[], image: string, compare: Compare): Promise<void> {
  const local = mkdtempSync(join(tmpdir(), 'bench-files-'));
  const ok = ({ engine, client }: Side, ...args: string[]): Promise<string> =>
    engine.ok(args, { client, timeoutMs: 300_000 });
  try {
    make(local);
    for (const side of all) await ok(side, 'run', '-d', '--name', 'files', '--network', 'none', image, 'sleep', '1000');
    for (const [what, name] of [
      [`${BIG_MB} MB`, 'big'],
      [`${SMALL} files`, 'small'],
    ] as const) {
      await compare(`cp in, ${what}`, (side) => ok(side, 'cp', join(local, name), `files:/var/tmp/${fresh()}`), TIMES);
      for (const side of all) await ok(side, 'cp', join(local, name), `files:/var/tmp/${name}`);
      await compare(`cp out, ${what}`, (side) => ok(side, 'cp', `files:/var/tmp/${name}`, join(local, fresh())), TIMES);
    }
    for (const side of all) await ok(side, 'rm', '-f', 'files');
  } finally {
    rmSync(local, { recursive: true, force: true });
  }
}

/**
 * A name that was never used: every round does the same, and nothing is deleted between them. ext4 passes over inodes that
 * were freed in the last seconds, which makes whoever writes next several times slower.
 */
let used = 0;
const fresh = (): string => `copy-${used++}`;

function make(local: string): void {
  writeFileSync(join(local, 'big'), Buffer.alloc(BIG_MB * 1_000_000, 'some of the hundred megabytes\n'));
  for (let i = 0; i < SMALL; i++) {
    const directory = join(local, 'small', String(Math.floor(i / FILES_IN_DIRECTORY)));
    if (i % FILES_IN_DIRECTORY === 0) mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, String(i)), Buffer.alloc(SMALL_BYTES, `${i} `));
  }
}
