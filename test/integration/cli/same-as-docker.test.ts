/** run, create, start, exec and attach of both clients against one real dockerd: output, errors and exit codes must be equal. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Engine, startDockerd } from '../../support/engines.ts';
import { type Finished, missing, runProgram } from '../../support/program.ts';
import { makeRootfs } from '../../support/rootfs.ts';

const MAIN = fileURLToPath(new URL('../../../packages/cli/src/main.ts', import.meta.url));
const CLIENTS = { docker: ['docker'], tsdocker: [process.execPath, MAIN] };
const RUN = ['run', '--rm', '--network=none'];
const LATE = ['run', '-d', '--network=none', '--name=web'];

interface Row {
  argv: string[];
  input?: string;
  /** Done by docker before each client's turn. */
  first?: string[][];
}

const up = [[...LATE, 'box', 'sleep', '100']];
const made = [['create', '--name=web', '--network=none', 'box', 'sh', '-c', 'echo so; echo se >&2; exit 4']];
const madeBad = [['create', '--name=web', '--network=none', 'box', 'nonexistent']];
const madeCat = [['create', '-i', '--name=web', '--network=none', 'box', 'cat']];

const ROWS: Row[] = [
  { argv: [...RUN, 'box', 'sh', '-c', 'echo out; echo err >&2; exit 3'] },
  { argv: [...RUN, 'box', 'nonexistent'] },
  { argv: [...RUN, 'box', '/etc/passwd'] },
  { argv: [...RUN, 'box', '/etc'] },
  { argv: [...RUN, '--pull=never', 'nosuch/image', 'x'] },
  { argv: [...RUN, 'localhost:1/nosuch'] },
  { argv: [...RUN, '-it', 'box', 'true'] },
  { argv: [...RUN, '-t', 'box', 'echo', 'hi'] },
  { argv: [...RUN, '-i', 'box', 'wc', '-c'], input: 'x'.repeat(5_000_000) },
  { argv: [...RUN, '-i', 'box', 'head', '-c', '5'], input: 'abcdefgh'.repeat(500_000) },
  { argv: [...RUN, 'box', 'cat'], input: 'not for it' },
  { argv: [...RUN, 'box', 'sh', '-c', 'head -c 3000000 /dev/zero | tr "\\0" x; echo done >&2'] },
  { argv: [...RUN, '-a', 'stdout', 'box', 'sh', '-c', 'echo o; echo e >&2'] },
  { argv: [...RUN, '-a', 'stderr', 'box', 'sh', '-c', 'echo o; echo e >&2'] },
  { argv: ['run', '--network=none', '-a', 'stdin', '-i', 'box', 'sh', '-c', 'cat; exit 5'], input: 'z' },
  { argv: ['run', '-d', '--network=none', 'box', 'true'] },
  { argv: ['run', '-d', '-a', 'stdout', 'box', 'true'] },
  { argv: [...RUN, '-m', '1m', 'box', 'true'] },
  { argv: [...RUN, '--mount', 'type=bind,src=/nonexistent-source,dst=/x', 'box', 'true'] },
  { argv: ['run', '--name=web', 'box', 'true'], first: up },
  { argv: ['create', '--name=web', 'box', 'true'], first: up },
  { argv: ['create', 'box'] },
  { argv: ['exec', 'web', 'sh', '-c', 'echo o; echo e >&2; exit 9'], first: up },
  { argv: ['exec', '-i', 'web', 'cat'], input: 'some\ninput', first: up },
  { argv: ['exec', '-t', 'web', 'echo', 'hi'], first: up },
  { argv: ['exec', '-d', 'web', 'true'], first: up },
  { argv: ['exec', '-e', 'X=1', '-w', '/tmp', 'web', 'sh', '-c', 'echo $X $PWD'], first: up },
  { argv: ['exec', 'web', 'nonexistent'], first: up },
  { argv: ['exec', '-u', 'nobody-here', 'web', 'true'], first: up },
  { argv: ['exec', 'web'], first: up },
  { argv: ['exec', 'nosuch', 'true'] },
  { argv: ['exec', 'web', 'true'], first: made },
  { argv: ['start', 'web', 'nosuch'], first: made },
  { argv: ['start', '-a', 'web'], first: made },
  { argv: ['start', '-a', 'web', 'other'], first: made },
  { argv: ['start', 'web'], first: madeBad },
  { argv: ['start', '-a', 'web'], first: madeBad },
  { argv: ['start', '-ai', 'web'], input: 'through\n', first: madeCat },
  { argv: ['attach', 'web'], first: made },
  { argv: ['attach', 'web'], first: [...up, ['pause', 'web']] },
  { argv: ['attach', 'nosuch'] },
  { argv: ['attach', 'web'], first: [[...LATE, 'box', 'sh', '-c', 'sleep 2; echo late; echo lerr >&2; exit 5']] },
];

/** Ids differ from run to run, and the program's name is not docker's. */
function comparable({ code, stdout, stderr }: Finished): unknown {
  const plain = (text: string): string =>
    text.replace(/\b([0-9a-f]{64}|[0-9a-f]{12})\b/g, 'ID').replaceAll('tsdocker', 'docker');
  return { code, stdout: plain(stdout), stderr: plain(stderr) };
}

describe('both clients do the same', { skip: missing({ root: true, programs: ['dockerd', 'docker'] }) }, () => {
  let engine: Engine;
  const docker = (...args: string[]): Promise<Finished> => engine.cli(args, { client: 'docker' });
  const clean = async (): Promise<void> => {
    const ids = (await docker('ps', '-aq')).stdout.split('\n').filter(Boolean);
    if (ids.length > 0) await docker('rm', '-f', ...ids);
  };

  before(async () => {
    engine = await startDockerd();
    const root = mkdtempSync(join(tmpdir(), 'tsdocker-rootfs-'));
    try {
      await makeRootfs(root);
      const archive = join(root, '../', `${engine.pid}-rootfs.tar`);
      await promisify(execFile)('tar', ['-C', root, '-cf', archive, '.']);
      const imported = await docker('import', archive, 'box:latest');
      rmSync(archive);
      assert.equal(imported.code, 0, imported.stderr);
    } finally {
      rmSync(root, { recursive: true });
    }
  });
  after(async () => {
    await clean();
    await engine.dispose();
  });

  for (const { argv, input, first = [] } of ROWS) {
    test(`${argv.join(' ').slice(0, 100)}${first === made ? ' (not started)' : ''}`, async () => {
      const seen: unknown[] = [];
      for (const [file, ...rest] of Object.values(CLIENTS)) {
        await clean();
        for (const command of first) assert.equal((await docker(...command)).code, 0);
        const env = { DOCKER_HOST: engine.host, DOCKER_CONFIG: '/nonexistent' };
        seen.push(comparable(await runProgram(file!, [...rest, ...argv], { env, ...(input ? { input } : {}) })));
      }
      assert.deepEqual(seen[1], seen[0]);
    });
  }
});
