/** Builds: twelve steps cold and out of the cache, a large context, independent stages. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Side } from './side.ts';

type Compare = (what: string, once: (side: Side) => Promise<unknown>, times: number) => Promise<void>;

const STEPS = 12;
const FILES = 20_000;
const CONTEXT_MB = 300;
const FILES_IN_DIRECTORY = 100;
const TIMES = 3;

/** Leaves nothing behind. */
export async function builds(image: string, compare: Compare): Promise<void> {
  const local = mkdtempSync(join(tmpdir(), 'bench-builds-'));
  const build = ({ engine, client }: Side, directory: string, ...args: string[]): Promise<string> =>
    engine.ok(['build', '-q', ...args, directory], { client, env: { DOCKER_BUILDKIT: '0' }, timeoutMs: 300_000 });
  const context = (name: string, dockerfile: string): string => {
    mkdirSync(join(local, name));
    writeFileSync(join(local, name, 'Dockerfile'), dockerfile);
    return join(local, name);
  };
  try {
    const lines = Array.from({ length: STEPS }, (_, i) => `RUN echo ${i} > /step-${i}`);
    const steps = context('steps', [`FROM ${image}`, ...lines].join('\n'));
    await compare(`build, ${STEPS} steps cold`, (side) => build(side, steps, '--no-cache'), TIMES);
    await compare(`build, ${STEPS} steps cached`, (side) => build(side, steps), TIMES);
    const stages = context('stages', independent(image));
    await compare('build, 4 stages cold', (side) => build(side, stages, '--no-cache'), TIMES);
    const large = context('large', `FROM ${image}\nCOPY . /app\nRUN true\n`);
    fill(large);
    await compare(`build, ${CONTEXT_MB} MB in ${FILES} files cold`, (side) => build(side, large, '--no-cache'), 1);
    await compare(`build, ${CONTEXT_MB} MB in ${FILES} files cached`, (side) => build(side, large), TIMES);
    let changes = 0;
    await compare(
      `build, ${CONTEXT_MB} MB in ${FILES} files, one changed`,
      (side) => {
        writeFileSync(join(large, '0', '0'), `change ${changes++}`);
        return build(side, large);
      },
      TIMES,
    );
  } finally {
    rmSync(local, { recursive: true, force: true });
  }
}

function independent(image: string): string {
  const names = ['a', 'b', 'c', 'd'];
  const stages = names.map((name) => `FROM ${image} AS ${name}\nRUN sleep 0.5; echo ${name} > /${name}`);
  return [...stages, `FROM ${image}`, ...names.map((name) => `COPY --from=${name} /${name} /${name}`)].join('\n');
}

function fill(directory: string): void {
  const bytes = Math.floor((CONTEXT_MB * 1_000_000) / FILES);
  for (let i = 0; i < FILES; i++) {
    const folder = join(directory, String(Math.floor(i / FILES_IN_DIRECTORY)));
    if (i % FILES_IN_DIRECTORY === 0) mkdirSync(folder);
    writeFileSync(join(folder, String(i)), Buffer.alloc(bytes, `${i} and its content `));
  }
}
