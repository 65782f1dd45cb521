/** The same Dockerfiles, built by dockerd's own builder and by ours, with the same client. */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { debianArchive } from '../../support/base-image.ts';
import { type Engine, startDockerd, startTsdockerd } from '../../support/engines.ts';
import { missing, runProgram } from '../../support/program.ts';
import { CASES, CONTEXT } from './cases.ts';

const skip = missing({ root: true, programs: ['dockerd', 'docker', 'bzip2', 'xz'] });
const LIST = `RUN find /w -printf '@@ %y %m %U %G %P -> %l\\n' | sort; find /w -type f -size -4k | sort | while read -r f; do echo "@@ $f: $(cat "$f" | head -c 200 | od -An -c | tr -d '\\n')"; done`;
const LIST_ESCAPED = LIST.replaceAll('\\', '`');

let engines: Engine[] = [];
let context = '';

before(async () => {
  if (skip) return;
  engines = await Promise.all([startDockerd(), startTsdockerd()]);
  const archive = await debianArchive();
  await Promise.all(engines.map((engine) => engine.ok(['import', archive, 'base:test'], { client: 'docker' })));
  context = mkdtempSync(join(tmpdir(), 'build-context-'));
  for (const [name, text] of Object.entries(CONTEXT)) {
    mkdirSync(dirname(join(context, name)), { recursive: true });
    writeFileSync(join(context, name), text);
  }
  symlinkSync('x', join(context, 'dir/link'));
  chmodSync(join(context, 'dir/x'), 0o750);
  await runProgram('tar', ['-C', join(context, 'dir'), '-cf', join(context, 'archive.tar'), '.']);
  for (const [flag, suffix] of Object.entries({ z: 'gz', j: 'bz2', J: 'xz' }))
    await runProgram('tar', [
      '-C',
      join(context, 'dir'),
      `-c${flag}f`,
      join(context, `archive.tar.${suffix}`),
      'x',
      'sub',
    ]);
});

after(async () => {
  await Promise.all(engines.map((engine) => engine.dispose()));
  if (context) rmSync(context, { recursive: true, force: true });
});

const MEMBERS =
  'User ExposedPorts Env Entrypoint Cmd Volumes WorkingDir Labels OnBuild StopSignal Shell Healthcheck'.split(' ');

/** An unset member, an empty one and null are the same to everyone. */
function essence(config: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    MEMBERS.map((name) => [name, config[name] ?? null]).map(([name, value]) => {
      const isEmpty = value === '' || (typeof value === 'object' && value !== null && Object.keys(value).length === 0);
      return [name, isEmpty ? null : value];
    }),
  );
}

/** Digests are each builder's own; the start interval of health checks is newer than 20.10. */
function anyVersion(createdBy: string): string {
  return createdBy
    .replace(/(file|dir|multi):[0-9a-f]+/, '$1:DIGEST')
    .replace(/("[^" ]*" "[^" ]*" "[^" ]*") "0s" ('\\x..')/, '$1 $2');
}

async function build(engine: Engine, index: number, text: string): Promise<unknown> {
  const file = join(context, `Dockerfile.${engine.name}.${index}`);
  writeFileSync(file, text);
  const tag = `case:${index}`;
  const args = ['build', '--build-arg', 'GIVEN=given', '-t', tag, '-f', file, context];
  const { code, stdout, stderr } = await engine.cli(args, {
    client: 'docker',
    env: { DOCKER_BUILDKIT: '0' },
    timeoutMs: 60_000,
  });
  rmSync(file);
  assert.equal(code, 0, `${engine.name}: ${stdout}${stderr}`);
  const { Config, Author, RootFS } = await engine.get<{
    Config: Record<string, unknown>;
    Author: string;
    RootFS: { Layers: string[] };
  }>(`/images/${tag}/json`);
  const history = await engine.get<{ CreatedBy: string }[]>(`/images/${tag}/history`);
  return {
    listing: stdout.split('\n').filter((line) => line.startsWith('@@')),
    config: essence(Config),
    author: Author || null,
    history: history.map(({ CreatedBy }) => anyVersion(CreatedBy)).slice(0, -1),
    layers: RootFS.Layers.length > 0,
  };
}

/** Every build is one of a real program in a container: a few at a time are enough for two processors. */
describe('the same image as dockerd builds', { skip }, () => {
  for (const [index, [name, text]] of Object.entries(CASES).entries()) {
    test(name, { timeout: 120_000 }, async () => {
      const whole = /^(#.*\n|\s*|ARG .*\n)*FROM /i.test(text) ? text : `FROM base:test\n${text}`;
      const list = whole.startsWith('# escape=`') ? LIST_ESCAPED : LIST;
      // The number keeps the cache of an earlier case from answering: then it would list nothing.
      const dockerfile = `${whole.trimEnd()}\n${list}; : ${index}\n`;
      const [docker, ours] = await Promise.all(engines.map((engine) => build(engine, index, dockerfile)));
      assert.deepEqual(ours, docker);
    });
  }
});
