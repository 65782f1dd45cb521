/** The main job: ubuntu pulled through a mirror, a shell in a terminal, and back to it again. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { debianArchive } from '../support/base-image.ts';
import { type Engine, startTsdockerd, tsdocker } from '../support/engines.ts';
import { eventually } from '../support/eventually.ts';
import { missing } from '../support/program.ts';
import { type Registry, startRegistry } from '../support/registry.ts';
import { openTerminal } from '../support/terminal.ts';

const skip = missing({ root: true, programs: ['docker-registry'] });
let registry: Registry;
let engine: Engine;

before(async () => {
  if (skip) return;
  registry = await startRegistry();
  await registry.push('library/ubuntu', 'latest', await debianArchive());
  engine = await startTsdockerd({ mirrors: [`http://${registry.address}`] });
});

after(async () => {
  await engine?.dispose();
  await registry?.close();
});

test('run -it ubuntu /bin/bash pulls through the mirror and gives a working shell', { skip }, async () => {
  const env = { DOCKER_HOST: engine.host };
  const shell = openTerminal(tsdocker, ['run', '-it', '--name', 'shell', 'ubuntu', '/bin/bash'], { env });
  try {
    await shell.expect("Unable to find image 'ubuntu:latest' locally");
    await shell.expect(/Status: Downloaded newer image for ubuntu:latest/, 60_000);
    await shell.expect(/root@[0-9a-f]{12}:\/# /);
    shell.type('echo $((6*7))\r');
    await shell.expect(/\r42\r\n/);

    // The size is right from the first moment, and follows the window.
    shell.type('stty size\r');
    await shell.expect(/24 80/);
    shell.resize(132, 50);
    await eventually(async () => {
      shell.type('stty size\r');
      await shell.expect(/50 132/, 300);
      return true;
    });

    // Ctrl-C is for what runs inside.
    shell.type('sleep 100; echo "left with $?"\r');
    await eventually(async () => (await engine.ok(['top', 'shell'])).includes('sleep 100'));
    shell.type('\u0003');
    await shell.expect('# ');
    shell.type('echo "status $?"\r');
    await shell.expect(/\rstatus 130\r\n/);
    shell.type('echo kept > /root/note\r');
    await shell.expect('# ');
    shell.type('exit 3\r');
    assert.equal(await shell.exited, 3);
  } finally {
    shell.kill();
  }

  const again = openTerminal(tsdocker, ['start', '-ai', 'shell'], { env });
  try {
    again.type('cat /root/note\r');
    await again.expect(/\rkept\r\n/);
    again.type('\u0010\u0011');
    assert.equal(await again.exited, 0);
    assert.equal(await engine.ok(['inspect', '-f', '{{.State.Running}}', 'shell']), 'true');
  } finally {
    again.kill();
  }

  const attached = openTerminal(tsdocker, ['attach', 'shell'], { env });
  try {
    attached.type('echo still-$((1+1))\r');
    await attached.expect(/still-2\r\n/);
    attached.type('exit 0\r');
    assert.equal(await attached.exited, 0);
  } finally {
    attached.kill();
  }
});
