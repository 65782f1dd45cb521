import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { programDaemon } from '../../support/program-daemon.ts';

const hasDocker = spawnSync('docker', ['--version']).status === 0;
const skip = hasDocker ? false : 'needs the docker client';

interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

function docker(socket: string, argv: string[], input = ''): Promise<Outcome> {
  const child = spawn('docker', ['-H', `unix://${socket}`, ...argv], {
    env: { ...process.env, DOCKER_CONFIG: '/nonexistent' },
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => (output.stdout += chunk));
  child.stderr.on('data', (chunk) => (output.stderr += chunk));
  child.stdin.end(input);
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, ...output })));
}

test('docker attach, exec and logs carry each stream to its place', { skip }, async (t) => {
  const { socket } = await programDaemon(t);
  const attach = await docker(socket, ['attach', 'web'], 'over attach\n');
  assert.deepEqual(attach, { code: 7, stdout: 'over attach\n', stderr: 'bye\n' });
  const exec = await docker(socket, ['exec', '-i', 'web', 'cat'], 'over exec\n');
  assert.deepEqual(exec, { code: 5, stdout: 'over exec\n', stderr: 'bye\n' });
  const big = 'x'.repeat(3_000_000);
  assert.equal((await docker(socket, ['exec', '-i', 'web', 'cat'], big)).stdout, big);
  const logs = await docker(socket, ['logs', 'web']);
  assert.deepEqual(logs, { code: 0, stdout: 'to stdout\n', stderr: 'to stderr\n' });
});

test('docker ps, pull and inspect of what is missing print as usual', { skip }, async (t) => {
  const { socket } = await programDaemon(t);
  const ps = await docker(socket, ['ps']);
  assert.match(ps.stdout, /^CONTAINER ID .*\na{12} {3}ubuntu +"\/bin\/bash" +2 hours ago +Up 2 hours +web\n$/);
  const pull = await docker(socket, ['pull', 'ubuntu']);
  assert.equal(pull.code, 0);
  assert.match(
    pull.stdout,
    /0123456789ab: Pull complete\nStatus: Downloaded newer image for docker\.io\/library\/ubuntu:latest\n/,
  );
  const missing = await docker(socket, ['container', 'inspect', 'nosuch']);
  assert.deepEqual([missing.code, missing.stderr], [1, 'Error response from daemon: No such container: nosuch\n']);
});

test('docker version and info print everything', { skip }, async (t) => {
  const { socket } = await programDaemon(t, ['--label', 'a=b', '--registry-mirror', 'http://127.0.0.1:5/']);
  const version = await docker(socket, ['version']);
  assert.equal(version.code, 0);
  assert.match(
    version.stdout,
    /Server: tsdocker [\d.]+\n Engine:\n {2}Version: +29\.[\d.]+\n {2}API version: +1\.55 \(minimum version 1\.24\)/,
  );
  const info = await docker(socket, ['info']);
  assert.deepEqual([info.code, info.stderr], [0, '']);
  for (const line of [
    ' Containers: 3\n  Running: 1\n  Paused: 1\n  Stopped: 1\n Images: 2\n',
    ' Storage Driver: overlay2\n  Backing Filesystem: extfs\n',
    ' Logging Driver: json-file\n Cgroup Driver: cgroupfs\n Cgroup Version: 1\n',
    ' Labels:\n  a=b\n',
    ' Registry Mirrors:\n  http://127.0.0.1:5/\n',
    ' Live Restore Enabled: true\n',
  ]) {
    assert.ok(info.stdout.includes(line), `${JSON.stringify(line)} is missing in\n${info.stdout}`);
  }
});
