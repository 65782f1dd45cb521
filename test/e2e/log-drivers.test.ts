/** Log files are docker's: what one daemon's container wrote, the other daemon reads. */
import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { debianArchive } from '../support/base-image.ts';
import { type Engine, startDockerd, startTsdockerd } from '../support/engines.ts';
import { missing } from '../support/program.ts';

const skip = missing({ root: true, programs: ['dockerd'] });
const SCRIPT =
  "echo first; echo err >&2; sleep 0.01; head -c 40000 /dev/zero | tr '\\0' x; echo; echo; seq 300; printf end";

/** dockerd 20.10 forgets the newline after the last part of a long line, newer ones don't. */
const withoutLongLineEnd = (text: string) => text.replace(/x\n/, 'x');

describe('log files are interchangeable with docker', { skip }, () => {
  let engines: Engine[] = [];
  before(async () => {
    const image = await debianArchive();
    engines = await Promise.all([startTsdockerd(), startDockerd()]);
    await Promise.all(engines.map((engine) => engine.ok(['import', image, 'base:test'])));
  });
  after(async () => {
    await Promise.all(engines.map((engine) => engine.dispose()));
  });

  async function written(engine: Engine, name: string, command: string): Promise<{ file: string; id: string }> {
    await engine.ok([
      'run',
      '--network',
      'none',
      '--log-driver',
      'local',
      '--name',
      name,
      'base:test',
      'sh',
      '-c',
      command,
    ]);
    const [{ Id }] = JSON.parse(await engine.ok(['inspect', name])) as [{ Id: string }];
    const { DockerRootDir } = await engine.get<{ DockerRootDir: string }>('/v1.41/info');
    return { id: Id, file: join(DockerRootDir, 'containers', Id, 'local-logs', 'container.log') };
  }

  test('local', { timeout: 120_000 }, async () => {
    for (const [writer, reader] of [engines, engines.toReversed()] as [Engine, Engine][]) {
      const [from, to] = await Promise.all([
        written(writer, 'from', SCRIPT),
        written(reader, 'to', 'echo placeholder'),
      ]);
      copyFileSync(from.file, to.file);
      for (const args of [['--timestamps'], ['--tail', '5'], ['--tail', '302'], ['--details', '--since', '1h']]) {
        const [own, others] = await Promise.all([
          writer.cli(['logs', ...args, 'from']),
          reader.cli(['logs', ...args, 'to']),
        ]);
        assert.equal(own.code, 0, own.stderr);
        const shown = [own, others].map(({ code, stdout, stderr }) => [code, withoutLongLineEnd(stdout), stderr]);
        assert.deepEqual(shown[1], shown[0], args.join(' '));
        assert.ok(own.stdout.endsWith('end'), args.join(' '));
      }
      await Promise.all([writer.ok(['rm', 'from']), reader.ok(['rm', 'to'])]);
    }
  });
});

describe('log defaults of the daemon', { skip: missing({ root: true }) }, () => {
  test('hold for containers of that driver alone', { timeout: 120_000 }, async () => {
    const engine = await startTsdockerd({ args: ['--log-driver', 'local', '--log-opt', 'max-file=3'] });
    try {
      await engine.ok(['import', await debianArchive(), 'base:test']);
      const drivers = { plain: [], same: ['--log-driver', 'local'], other: ['--log-driver', 'json-file'] };
      for (const [name, args] of Object.entries(drivers)) {
        await engine.ok(['run', '--network', 'none', '--name', name, ...args, 'base:test', 'echo', 'logged']);
        assert.equal(await engine.ok(['logs', name]), 'logged');
      }
      const format = '{{.HostConfig.LogConfig.Type}} {{json .HostConfig.LogConfig.Config}}';
      const shown = await engine.ok(['inspect', '-f', format, ...Object.keys(drivers)]);
      assert.equal(shown, 'local {"max-file":"3"}\nlocal {"max-file":"3"}\njson-file {}');
      assert.equal(await engine.ok(['info', '-f', '{{.LoggingDriver}}']), 'local');
    } finally {
      await engine.dispose();
    }
  });
});
