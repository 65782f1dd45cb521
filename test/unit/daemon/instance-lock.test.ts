import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { lockDataRoot } from '../../../packages/daemon/src/instance-lock.ts';
import { eventually } from '../../support/eventually.ts';

let dataRoot = '';
beforeEach(() => {
  dataRoot = mkdtempSync(join(tmpdir(), 'tsdocker-lock-'));
});
afterEach(() => rmSync(dataRoot, { recursive: true, force: true }));

/** State and start time as the kernel shows them. */
function statOf(pid: number): { state: string; time: string } {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0]!, time: fields[19]! };
}

test('a living daemon keeps its data root', async () => {
  const unlock = await lockDataRoot(dataRoot);
  await assert.rejects(lockDataRoot(dataRoot), {
    message: `another daemon (process ${process.pid}) runs with data root ${dataRoot}; stop it, or choose another --data-root`,
  });
  await unlock();
  await (await lockDataRoot(dataRoot))();
});

test('a killed daemon that its parent has not collected holds nothing', async () => {
  // The shell becomes a sleep, which never collects the child; before that it might.
  const parent = spawn('sh', ['-c', 'sleep 60 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [line] = await once(parent.stdout, 'data');
    const pid = Number(String(line).trim());
    await eventually(() => assert.equal(readFileSync(`/proc/${parent.pid}/comm`, 'utf8'), 'sleep\n'));
    process.kill(pid, 'SIGKILL');
    await eventually(() => assert.equal(statOf(pid).state, 'Z'));
    writeFileSync(join(dataRoot, 'daemon.lock'), `${pid} ${statOf(pid).time}\n`);
    await (await lockDataRoot(dataRoot))();
  } finally {
    parent.kill('SIGKILL');
  }
});

test('a lock without a start time is nobody’s', async () => {
  writeFileSync(join(dataRoot, 'daemon.lock'), '4194305\n');
  await (await lockDataRoot(dataRoot))();
});
