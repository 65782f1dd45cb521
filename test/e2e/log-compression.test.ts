/** Rotated logs are compressed, by a daemon that may be killed at any moment, and docker reads what we compressed. */
import assert from 'node:assert/strict';
import { closeSync, cpSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { debianArchive } from '../support/base-image.ts';
import { type Engine, startDockerd, startTsdockerd } from '../support/engines.ts';
import { eventually } from '../support/eventually.ts';
import { missing, runProgram } from '../support/program.ts';

/** Short where it fails. */
function assertLines(text: string, first: number, last: number): void {
  const lines = text.trimEnd().split('\n').map(Number);
  const wrong = lines.findIndex((line, i) => line !== first + i);
  assert.deepEqual([wrong, lines.length], [-1, last - first + 1], `line ${wrong} is ${lines[wrong]}`);
}
const BOUNDS = ['--log-opt', 'max-size=20k', '--log-opt', 'max-file=40', '--log-opt', 'compress=true'];

describe('compressed logs', { skip: missing({ root: true, programs: ['dockerd'] }) }, () => {
  let engine: Engine;
  let docker: Engine;
  const shared = mkdtempSync(join(tmpdir(), 'tsd-log-compression-'));
  before(async () => {
    const image = await debianArchive();
    [engine, docker] = await Promise.all([startTsdockerd(), startDockerd()]);
    await Promise.all([engine, docker].map((e) => e.ok(['import', image, 'base:test'])));
  });
  after(async () => {
    await Promise.all([engine.dispose(), docker.dispose()]);
    rmSync(shared, { recursive: true });
  });

  async function logOf(on: Engine, name: string, driver: string): Promise<string> {
    const id = await on.ok(['inspect', '-f', '{{.Id}}', name]);
    const directory = join(await on.ok(['info', '-f', '{{.DockerRootDir}}']), 'containers', id);
    return driver === 'local' ? join(directory, 'local-logs', 'container.log') : join(directory, `${id}-json.log`);
  }
  const filesOf = (path: string) => readdirSync(dirname(path)).filter((name) => name.startsWith(basename(path)));
  const rotatedOf = (path: string) => filesOf(path).filter((name) => /\.\d+(\.gz)?$/.test(name));
  const allCompressed = (path: string) =>
    eventually(() => {
      assert.ok(rotatedOf(path).length > 1);
      assert.deepEqual(
        filesOf(path).filter((name) => !name.endsWith('.gz')),
        [basename(path)],
      );
    }, 30_000);

  for (const driver of ['json-file', 'local']) {
    test(`${driver}: no line is lost or doubled over kill -9, and docker reads the files`, {
      timeout: 120_000,
    }, async () => {
      const pipe = join(shared, `go-${driver}`);
      await runProgram('mkfifo', [pipe]);
      // Open both ways, so that neither side waits for the other to open it.
      const go = openSync(pipe, 'r+');
      try {
        const script = `exec 3</shared/go-${driver}; for n in 1 2 3; do seq $((n * 2000 - 1999)) $((n * 2000)); read line <&3; done`;
        const place = ['--network', 'none', '-v', `${shared}:/shared`, '--name', `talk-${driver}`];
        const logging = ['--log-driver', driver, ...BOUNDS];
        await engine.ok(['run', '-d', ...place, ...logging, 'base:test', 'sh', '-c', script]);
        const path = await logOf(engine, `talk-${driver}`, driver);
        const follower = engine.cli(['logs', '-f', `talk-${driver}`]);
        // In the middle of its work.
        await eventually(() => assert.ok(rotatedOf(path).length > 1), 30_000);
        await engine.kill9();
        await follower;
        writeSync(go, '\n');
        await eventually(() => assert.match(readFileSync(path, 'latin1'), /\b4000\b/), 30_000);
        await engine.start();
        const all = engine.cli(['logs', '-f', `talk-${driver}`]);
        writeSync(go, '\n\n');
        await engine.ok(['wait', `talk-${driver}`]);
        assertLines((await all).stdout, 1, 6000);
        await allCompressed(path);
        assertLines(await engine.ok(['logs', `talk-${driver}`]), 1, 6000);
        for (const tail of [1, 500, 3000]) {
          assertLines(await engine.ok(['logs', '--tail', String(tail), `talk-${driver}`]), 6001 - tail, 6000);
        }

        const reader = ['run', '--network', 'none', '--name', `read-${driver}`, ...logging, 'base:test', 'true'];
        await docker.ok(reader);
        const other = await logOf(docker, `read-${driver}`, driver);
        for (const name of filesOf(path)) {
          cpSync(join(dirname(path), name), join(dirname(other), name.replace(basename(path), basename(other))));
        }
        assertLines(await docker.ok(['logs', `read-${driver}`]), 1, 6000);
      } finally {
        closeSync(go);
        await engine.cli(['rm', '-f', `talk-${driver}`]);
      }
    });
  }
});
