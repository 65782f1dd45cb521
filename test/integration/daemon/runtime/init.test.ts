/** tsd-init as pid 1 of a pid namespace. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { nativeDirectory } from '../../../support/native-directory.ts';

const init = join(nativeDirectory, 'tsd-init');
const skip =
  process.getuid?.() !== 0
    ? 'needs root'
    : !existsSync(init)
      ? 'needs the native build'
      : spawnSync('unshare', ['--version']).status !== 0 && 'needs unshare';
const asPid1 = ['--fork', '--pid', '--mount-proc', '--kill-child', init, '--'];

function run(script: string) {
  return spawnSync('unshare', [...asPid1, 'sh', '-c', script], { encoding: 'utf8', timeout: 10_000 });
}

test('ends as its program does', { skip }, () => {
  assert.equal(run('exit 7').status, 7);
  assert.equal(run('kill -9 $$').status, 137);
  const missing = spawnSync('unshare', [...asPid1, '/no/such/program'], { encoding: 'utf8' });
  assert.equal(missing.status, 127);
  assert.match(missing.stderr, /exec \/no\/such\/program failed: No such file or directory/);
  assert.equal(spawnSync('unshare', [...asPid1, '/etc']).status, 126);
});

test('reaps orphans', { skip }, () => {
  const script = 'for i in 1 2 3; do (sh -c "sleep 0.05 & exit" &); done; sleep 0.3; ps -eo stat= | grep -c Z';
  assert.equal(run(script).stdout.trim(), '0');
});

test('passes signals on to its program', { skip, timeout: 10_000 }, async () => {
  const child = spawn('unshare', [
    ...asPid1,
    'sh',
    '-c',
    'trap "echo got; exit 3" TERM; echo ready; while :; do sleep 0.05; done',
  ]);
  let output = '';
  const ready = Promise.withResolvers<void>();
  child.stdout.on('data', (data) => {
    output += data;
    if (output.includes('ready')) ready.resolve();
  });
  await ready.promise;
  const pid = spawnSync('pgrep', ['-P', String(child.pid)], { encoding: 'utf8' }).stdout.trim();
  process.kill(Number(pid), 'SIGTERM');
  const code = await new Promise((resolve) => child.once('close', resolve));
  assert.deepEqual([code, output], [3, 'ready\ngot\n']);
});
