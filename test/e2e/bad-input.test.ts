/** Bad input gets one clear line, the right exit code, and leaves nothing half-made. */
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { debianArchive } from '../support/base-image.ts';
import { type Engine, startTsdockerd, tsdocker } from '../support/engines.ts';
import { missing, runProgram } from '../support/program.ts';

const skip = missing({ root: true });
let engine: Engine;
let folder: string;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bad-input-'));
  if (skip) return;
  engine = await startTsdockerd({ mirrors: ['http://127.0.0.1:9'] });
  await engine.ok(['import', '--change', 'CMD ["/bin/bash"]', await debianArchive(), 'base:test']);
});

after(async () => {
  await engine?.dispose();
  rmSync(folder, { recursive: true, force: true });
});

interface Row {
  args: string[];
  code: number;
  stderr: RegExp;
}

const rows: Row[] = [
  {
    args: ['run', '--pull', 'never', 'nothing-here', 'true'],
    code: 125,
    stderr: /^(docker|tsdocker): Error response from daemon: No such image: nothing-here:latest\n/,
  },
  {
    args: ['run', 'Bad/Reference', 'true'],
    code: 125,
    stderr: /invalid reference format: repository name \(Reference\) must be lowercase/,
  },
  { args: ['run', 'a::b', 'true'], code: 125, stderr: /invalid reference format/ },
  {
    args: ['run', '--rm', 'base:test', 'no-such'],
    code: 127,
    stderr: /exec: "no-such": executable file not found in \$PATH/,
  },
  { args: ['run', '--rm', 'base:test', '/no/such'], code: 127, stderr: /no such file or directory/ },
  { args: ['run', '--rm', 'base:test', '/etc/passwd'], code: 126, stderr: /permission denied/ },
  {
    args: ['run', '--no-such-flag', 'base:test'],
    code: 125,
    stderr: /^unknown flag: --no-such-flag\n\nUsage: {2}tsdocker run \[OPTIONS\] IMAGE/,
  },
  {
    args: ['run', '-m', 'lots', 'base:test'],
    code: 125,
    stderr: /invalid argument "lots" for "-m, --memory" flag: invalid size: 'lots'/,
  },
  { args: ['run', '-m', '1m', 'base:test', 'true'], code: 125, stderr: /Minimum memory limit allowed is 6MB/ },
  { args: ['run', '-p', 'x:80', 'base:test', 'true'], code: 125, stderr: /invalid hostPort: x|[Ii]nvalid host ?port/ },
  { args: ['run', '-v', ':bad:', 'base:test', 'true'], code: 125, stderr: /invalid (volume specification|spec)/ },
  {
    args: ['run', '-v', 'a b:/x', 'base:test', 'true'],
    code: 125,
    stderr: /includes invalid characters for a local volume name/,
  },
  {
    args: ['run', '--mount', 'type=bind,source=/no/such,target=/x', 'base:test', 'true'],
    code: 125,
    stderr: /bind source path does not exist: \/no\/such/,
  },
  {
    args: ['run', '--cap-add', 'NOPE', 'base:test', 'true'],
    code: 125,
    stderr: /(unknown|invalid) capability: "?(CAP_)?NOPE/i,
  },
  {
    args: ['run', '--name', '-bad', 'base:test', 'true'],
    code: 125,
    stderr: /Invalid container name \(-bad\), only \[a-zA-Z0-9\]/,
  },
  { args: ['run', '--network', 'nowhere', 'base:test', 'true'], code: 125, stderr: /network nowhere not found/ },
  {
    args: ['run', '-u', 'ghost', '--rm', 'base:test', 'true'],
    code: 125,
    stderr: /unable to find user ghost: no matching entries in passwd file/,
  },
  { args: ['run'], code: 1, stderr: /'tsdocker run' requires at least 1 argument/ },
  { args: ['nonsense'], code: 1, stderr: /unknown command: tsdocker nonsense/ },
  { args: ['rm', 'ghost'], code: 1, stderr: /^Error response from daemon: No such container: ghost\n$/ },
  { args: ['rmi', 'ghost'], code: 1, stderr: /No such image: ghost:latest/ },
  {
    args: ['pull', 'UPPER'],
    code: 1,
    stderr: /invalid reference format: repository name \(.*UPPER\) must be lowercase/,
  },
  { args: ['logs', 'ghost'], code: 1, stderr: /No such container: ghost/ },
  { args: ['kill', '-s', 'NOSUCH', 'ghost'], code: 1, stderr: /No such container: ghost|[Ii]nvalid signal: NOSUCH/ },
];

for (const { args, code, stderr } of rows) {
  test(`tsdocker ${args.join(' ')}`, { skip }, async () => {
    const result = await engine.cli(args);
    assert.match(result.stderr, stderr);
    assert.equal(result.code, code);
    // Docker keeps a container whose start failed unless --rm; create errors keep none.
    const left = await engine.ok(['ps', '-aq']);
    if (left !== '') await engine.ok(['rm', '-f', ...left.split('\n')]);
  });
}

test('a pull from nowhere says which server did not answer', { skip }, async () => {
  const result = await engine.cli(['pull', '127.0.0.1:9/x/y'], { timeoutMs: 120_000 });
  assert.equal(result.code, 1);
  assert.match(result.stderr, /127\.0\.0\.1:9\/v2\/.*(connection refused|connect)/);
  assert.equal(result.stderr.trim().split('\n').length, 1);
});

test('a port in use is named, and the container can start once it is free', { skip }, async () => {
  const holder = createServer();
  const port = await new Promise<number>((resolve) => {
    holder.listen(0, '0.0.0.0', () => resolve((holder.address() as { port: number }).port));
  });
  try {
    const result = await engine.cli(['run', '-d', '--name', 'wants', '-p', `${port}:80`, 'base:test', 'sleep', '100']);
    assert.equal(result.code, 125);
    assert.match(result.stderr, new RegExp(`${port}.*(port is already allocated|address already in use)`));
  } finally {
    await new Promise((resolve) => holder.close(resolve));
  }
  await engine.ok(['start', 'wants']);
  const twice = await engine.cli(['run', '--rm', '-p', `${port}:80`, 'base:test', 'true']);
  assert.equal(twice.code, 125);
  assert.match(twice.stderr, /port is already allocated/);
  await engine.ok(['rm', '-f', 'wants']);
});

test('a broken archive is refused and leaves no image', { skip }, async () => {
  const before = await engine.ok(['images', '-aq']);
  const archive = join(folder, 'broken.tar');
  writeFileSync(archive, Buffer.alloc(5000, 'not a tar archive'));
  for (const args of [
    ['load', '-i', archive],
    ['import', archive, 'broken:x'],
  ]) {
    const result = await engine.cli(args);
    assert.equal(result.code, 1, args.join(' '));
    assert.ok(result.stderr.trim().split('\n').length <= 2 && result.stderr.length > 10, result.stderr);
  }
  assert.equal(await engine.ok(['images', '-aq']), before);
});

test('no daemon: one line that says what to do', async () => {
  const result = await runProgram(tsdocker, ['ps'], { env: { DOCKER_HOST: `unix://${folder}/none.sock` } });
  assert.equal(result.code, 1);
  assert.match(
    result.stderr,
    /^Cannot connect to the \w+ daemon at unix:\/\/.*none\.sock\. Is the \w+ daemon running\?.*\n$/,
  );
  const run = await runProgram(tsdocker, ['run', 'x'], { env: { DOCKER_HOST: `unix://${folder}/none.sock` } });
  assert.equal(run.code, 125);
});

test('a socket one may not use: permission denied, and how to get it', {
  skip: skip || missing({ programs: ['setpriv'] }),
}, async () => {
  chmodSync(engine.directory, 0o755);
  const result = await runProgram('setpriv', ['--reuid=65534', '--regid=65534', '--clear-groups', tsdocker, 'ps'], {
    env: { DOCKER_HOST: engine.host, HOME: '/nonexistent' },
  });
  assert.equal(result.code, 1);
  assert.match(result.stderr, /permission denied/);
});
