/**
 * What anyone does in the first ten minutes, as one list of obligations. It runs for each pair of client and daemon, ours
 * and docker's, so that both engines are held to the same words and codes.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Engine } from '../support/engines.ts';
import { eventually } from '../support/eventually.ts';
import type { Finished, RunOptions } from '../support/program.ts';
import { openTerminal } from '../support/terminal.ts';

export interface Pair {
  engine: Engine;
  /** Path of the client's executable. */
  client: string;
  /** An image of that daemon with bash. */
  image: string;
  /** `bridge`, or `none` for a daemon without one. */
  network: string;
}

/** Runs every step as a subtest; each removes what it made. */
export async function coreScenario(t: TestContext, { engine, client, image, network }: Pair): Promise<void> {
  const cli = (args: string[], options: RunOptions = {}): Promise<Finished> => engine.cli(args, { ...options, client });
  const ok = (args: string[], options: RunOptions = {}): Promise<string> => engine.ok(args, { ...options, client });
  const run = ['run', '--network', network];
  const program = client.endsWith('tsdocker') ? 'tsdocker' : 'docker';

  await t.test('run prints the output, keeps streams apart and passes the exit code', async () => {
    const result = await cli([...run, '--rm', image, 'sh', '-c', 'echo out; echo err >&2; exit 3']);
    assert.deepEqual(result, { stdout: 'out\n', stderr: 'err\n', code: 3 });
  });

  await t.test('run -i reads stdin to its end', async () => {
    const result = await cli([...run, '--rm', '-i', image, 'wc', '-c'], { input: 'x'.repeat(300_000) });
    assert.deepEqual(result, { stdout: '300000\n', stderr: '', code: 0 });
  });

  await t.test('a killed process gives 128 plus the signal', async () => {
    // pid 1 cannot kill itself: a child of it does, and the shell reports that.
    assert.equal(
      (await cli([...run, '--rm', image, 'sh', '-c', 'sh -c "kill -TERM $$" & wait; sleep 60 & kill -9 $!; wait $!']))
        .code,
      137,
    );
  });

  await t.test('a command that is not there gives 127, one that cannot be run 126', async () => {
    const missing = await cli([...run, '--rm', image, 'no-such-command']);
    assert.equal(missing.code, 127);
    assert.match(missing.stderr, /exec: "no-such-command": executable file not found in \$PATH/);
    assert.match(missing.stderr, new RegExp(`\\n\\nRun '${program} run --help' for more information\\n$`));
    const folder = await cli([...run, '--rm', image, '/etc']);
    assert.equal(folder.code, 126);
    assert.match(folder.stderr, /permission denied|is a directory/);
  });

  await t.test('an unknown image is looked for, then refused with 125', async () => {
    const result = await cli([...run, '--pull', 'never', '--rm', 'no-such-image:here', 'true']);
    assert.equal(result.code, 125);
    assert.match(result.stderr, /No such image: no-such-image:here/);
  });

  await t.test('create, start, ps, logs, stop, rm: the long way round', async () => {
    const id = await ok([
      'create',
      '--network',
      network,
      '--name',
      'long',
      '-e',
      'A=1',
      '-w',
      '/tmp',
      image,
      'sh',
      '-c',
      'echo $A $PWD; exec sleep 1000',
    ]);
    assert.match(id, /^[0-9a-f]{64}$/);
    assert.equal(await ok(['ps', '-a', '--filter', 'name=long', '--format', '{{.Status}}']), 'Created');
    assert.equal(await ok(['start', 'long']), 'long');
    assert.match(
      await ok(['ps', '--no-trunc', '--format', '{{.ID}} {{.Names}} {{.Image}}']),
      new RegExp(`^${id} long ${image}$`),
    );
    await eventually(async () => (await ok(['logs', 'long'])) === '1 /tmp');
    assert.match(await ok(['logs', '-t', '--tail', '1', 'long']), /^\d{4}-\d\d-\d\dT[\d:.]{10,}\d*Z 1 \/tmp$/);
    assert.equal(await ok(['inspect', '-f', '{{.State.Status}} {{.Config.WorkingDir}}', 'long']), 'running /tmp');
    assert.equal((await cli(['start', 'long'])).code, 0);
    const refused = await cli(['rm', 'long']);
    assert.equal(refused.code, 1);
    assert.match(
      refused.stderr,
      /container is running: stop the container before removing or force remove|You cannot remove a running container/,
    );
    assert.equal(await ok(['stop', '-t', '1', 'long']), 'long');
    assert.equal(await ok(['inspect', '-f', '{{.State.Status}} {{.State.ExitCode}}', 'long']), 'exited 137');
    assert.match(await ok(['ps', '-a', '--filter', 'name=long', '--format', '{{.Status}}']), /^Exited \(137\) /);
    assert.equal(await ok(['rm', 'long']), 'long');
    const gone = await cli(['inspect', 'long']);
    assert.equal(gone.code, 1);
    assert.equal(gone.stdout, '[]\n');
    assert.match(gone.stderr, /no such object: long/i);
  });

  await t.test('exec runs beside, with its own user, environment and exit code', async () => {
    await ok([...run, '-d', '--name', 'beside', image, 'sleep', '1000']);
    assert.equal(await ok(['exec', 'beside', 'echo', 'hello']), 'hello');
    assert.equal(
      await ok(['exec', '-u', 'nobody', '-e', 'K=v', '-w', '/usr', 'beside', 'sh', '-c', 'echo $(id -un) $K $PWD']),
      'nobody v /usr',
    );
    assert.equal(await ok(['exec', '-i', 'beside', 'cat'], { input: 'through' }), 'through');
    assert.equal((await cli(['exec', 'beside', 'sh', '-c', 'exit 7'])).code, 7);
    // Docker before 23 answers 126 here.
    assert.ok([127, engine.name === 'dockerd' ? 126 : 127].includes((await cli(['exec', 'beside', 'no-such'])).code));
    await ok(['exec', '-d', 'beside', 'sh', '-c', 'echo x > /tmp/detached']);
    await eventually(async () => (await ok(['exec', 'beside', 'cat', '/tmp/detached'])) === 'x');
    assert.match(await ok(['top', 'beside']), /UID\s+PID\s+PPID\s+C\s+STIME\s+TTY\s+TIME\s+CMD\n.*sleep 1000/);
    await ok(['rm', '-f', 'beside']);
    const stopped = await cli(['exec', 'beside', 'true']);
    assert.deepEqual([stopped.code, stopped.stderr], [1, 'Error response from daemon: No such container: beside\n']);
  });

  await t.test('pause, unpause, kill, wait, rename, restart', async () => {
    await ok([...run, '-d', '--name', 'states', image, 'sh', '-c', 'trap "exit 9" TERM; while :; do sleep 0.1; done']);
    assert.equal(await ok(['pause', 'states']), 'states');
    assert.equal(await ok(['inspect', '-f', '{{.State.Status}}', 'states']), 'paused');
    const paused = await cli(['exec', 'states', 'true']);
    assert.equal(paused.code, 1);
    assert.match(paused.stderr, /is paused, unpause the container before exec/i);
    await ok(['unpause', 'states']);
    await ok(['rename', 'states', 'renamed']);
    assert.equal(await ok(['inspect', '-f', '{{.Name}}', 'renamed']), '/renamed');
    await ok(['restart', '-t', '5', 'renamed']);
    assert.equal(await ok(['inspect', '-f', '{{.State.Running}}', 'renamed']), 'true');
    const waiting = cli(['wait', 'renamed']);
    await ok(['kill', '-s', 'TERM', 'renamed']);
    assert.deepEqual(await waiting, { stdout: '9\n', stderr: '', code: 0 });
    const again = await cli(['kill', 'renamed']);
    assert.equal(again.code, 1);
    assert.match(again.stderr, /is not running/);
    await ok(['rm', 'renamed']);
  });

  await t.test('a name in use is refused with 125 and leaves nothing', async () => {
    await ok(['create', '--name', 'taken', image, 'true']);
    const result = await cli([...run, '--name', 'taken', image, 'true']);
    assert.equal(result.code, 125);
    assert.match(result.stderr, /Conflict\. The container name "\/taken" is already in use by container/);
    await ok(['rm', 'taken']);
    assert.equal(await ok(['ps', '-aq']), '');
  });

  await t.test('binds, named volumes and tmpfs are where they were asked for', async () => {
    const folder = join(engine.directory, `bind-${program}`);
    const text = await ok([
      ...[
        ...run,
        '--rm',
        '-v',
        `${folder}:/bind`,
        '-v',
        'named:/named',
        '--tmpfs',
        '/scratch:size=1m',
        '--mount',
        `type=bind,source=${engine.directory},target=/ro,readonly`,
      ],
      ...[
        image,
        'sh',
        '-c',
        'echo kept > /bind/file; echo kept > /named/file; touch /ro/x 2>&1; df -k /scratch | tail -1',
      ],
    ]);
    assert.match(text, /Read-only file system/);
    assert.match(text, /1024/);
    assert.equal(readFileSync(join(folder, 'file'), 'utf8'), 'kept\n');
    assert.equal(await ok([...run, '--rm', '-v', 'named:/again', image, 'cat', '/again/file']), 'kept');
    await ok(['volume', 'rm', 'named']);
  });

  await t.test('a terminal: prompt, size, interrupt, detach, attach', async () => {
    const env = { DOCKER_HOST: engine.host };
    const shell = openTerminal(client, [...run, '-it', '--name', 'tty', image, '/bin/bash', '--norc'], { env });
    try {
      await shell.expect(/\$ |# /);
      shell.type('echo $((6*7))\r');
      await shell.expect(/\r42\r\n/);
      await eventually(async () => {
        shell.type('stty size\r');
        await shell.expect(/24 80/, 500);
        return true;
      });
      shell.resize(101, 37);
      await eventually(async () => {
        shell.type('stty size\r');
        await shell.expect(/37 101/, 500);
        return true;
      });
      shell.type('\u0010\u0011');
      assert.equal(await shell.exited, 0);
      assert.equal(await ok(['inspect', '-f', '{{.State.Running}}', 'tty']), 'true');
      const back = openTerminal(client, ['attach', 'tty'], { env });
      back.type('echo back-$((40+2))\r');
      await back.expect(/back-42\r\n/);
      back.type('exit 3\r');
      assert.equal(await back.exited, 3);
    } finally {
      shell.kill();
      await cli(['rm', '-f', 'tty']);
    }
  });

  await t.test('nothing is left', async () => {
    assert.equal(await ok(['ps', '-aq']), '');
  });
}
