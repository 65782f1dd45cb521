/** Log files are docker's: what one daemon's container wrote, the other daemon reads. */
import assert from 'node:assert/strict';
import { closeSync, copyFileSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { debianArchive } from '../support/base-image.ts';
import { type Engine, startDockerd, startTsdockerd } from '../support/engines.ts';
import { eventually } from '../support/eventually.ts';
import { clientsOf, startLogReceiver } from '../support/log-receiver.ts';
import { missing, runProgram } from '../support/program.ts';

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

describe('the syslog driver', { skip: missing({ root: true }) }, () => {
  const range = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, i) => first + i);
  const numbersOf = (lines: string[]) => lines.map((line) => Number(line.split(']: ')[1]));

  test('loses nothing when the daemon or the receiver goes, and logs reads', { timeout: 300_000 }, async () => {
    const shared = mkdtempSync(join(tmpdir(), 'tsd-log-drivers-'));
    const engine = await startTsdockerd();
    const receivers = [await startLogReceiver()];
    const { port } = receivers[0]!;
    const lines = () => receivers.flatMap((receiver) => receiver.lines());
    let go: number | undefined;
    try {
      await engine.ok(['import', await debianArchive(), 'base:test']);
      await runProgram('mkfifo', [join(shared, 'go')]);
      // Open both ways, so that neither side waits for the other to open it.
      go = openSync(join(shared, 'go'), 'r+');
      const script = 'exec 3</shared/go; for n in 1 2 3 4; do seq $((n * 100 - 99)) $((n * 100)); read line <&3; done';
      const address = `syslog-address=tcp://127.0.0.1:${port}`;
      const logging = ['--log-driver', 'syslog', '--log-opt', address, '--log-opt', 'tag={{.Name}}'];
      const place = ['--network', 'none', '-v', `${shared}:/shared`, '--name', 'talk'];
      await engine.ok(['run', '-d', ...place, ...logging, 'base:test', 'sh', '-c', script]);
      await eventually(() => assert.ok(numbersOf(lines()).includes(100)), 60_000);
      assert.match(lines()[0]!, / talk\[\d+\]: 1$/);

      await engine.kill9();
      writeSync(go, '\n');
      await engine.start();
      await eventually(() => assert.ok(numbersOf(lines()).includes(200)), 60_000);

      await receivers[0]!.close();
      await eventually(() => clientsOf(port) === 0, 60_000);
      writeSync(go, '\n');
      await eventually(async () => assert.equal(await engine.ok(['logs', '--tail', '1', 'talk']), '300'), 60_000);
      receivers.push(await startLogReceiver(port));
      writeSync(go, '\n\n');
      await engine.ok(['wait', 'talk']);
      await eventually(() => assert.ok(numbersOf(lines()).includes(400)), 60_000);

      // What was under way when the daemon was killed may come twice.
      assert.deepEqual([...new Set(numbersOf(lines()))], range(1, 400));
      assert.equal(await engine.ok(['logs', 'talk']), range(1, 400).join('\n'));
    } finally {
      await engine.dispose();
      if (go !== undefined) closeSync(go);
      await Promise.allSettled(receivers.map((receiver) => receiver.close()));
      rmSync(shared, { recursive: true });
    }
  });

  test('a receiver that is not there fails the start in the words of docker', { timeout: 120_000 }, async () => {
    const receiver = await startLogReceiver();
    await receiver.close();
    const engine = await startTsdockerd();
    try {
      await engine.ok(['import', await debianArchive(), 'base:test']);
      const address = `syslog-address=tcp://127.0.0.1:${receiver.port}`;
      const run = [
        'run',
        '--rm',
        '--network',
        'none',
        '--log-driver',
        'syslog',
        '--log-opt',
        address,
        'base:test',
        'true',
      ];
      const { code, stderr } = await engine.cli(run);
      assert.equal(code, 125);
      assert.ok(
        stderr.includes(
          `failed to initialize logging driver: dial tcp 127.0.0.1:${receiver.port}: connect: connection refused`,
        ),
        stderr,
      );
    } finally {
      await engine.dispose();
    }
  });
});
