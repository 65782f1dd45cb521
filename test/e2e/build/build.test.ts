/** `tsdocker build`: what only it knows, what it refuses, what its cache does. */
import assert from 'node:assert/strict';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { TAR_END, type TarType, tarHeader, tarPadding } from '../../../packages/shared/src/tar-header.ts';
import { debianArchive } from '../../support/base-image.ts';
import { type Engine, startTsdockerd } from '../../support/engines.ts';
import { eventually } from '../../support/eventually.ts';
import { missing, runProgram } from '../../support/program.ts';
import { CONTEXT } from './cases.ts';
import { OWN_CASES, type OwnCase } from './cases-of-ours.ts';

const skip = missing({ root: true, programs: [] });
let engine: Engine;
let context = '';
const SECRET = 'tell no';

before(async () => {
  if (skip) return;
  engine = await startTsdockerd();
  await engine.ok(['import', await debianArchive(), 'base:test']);
  context = newContext();
});

after(async () => {
  await engine?.dispose();
  for (const directory of contexts) rmSync(directory, { recursive: true, force: true });
});

const contexts: string[] = [];
function newContext(): string {
  const directory = mkdtempSync(join(tmpdir(), 'build-context-'));
  contexts.push(directory);
  for (const [name, text] of Object.entries(CONTEXT)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), text);
  }
  symlinkSync('/etc', join(directory, 'outside'));
  return directory;
}

const build = (args: string[], input?: string) =>
  engine.cli(['build', '--progress', 'plain', ...args], {
    env: { SECRET_OF_TEST: SECRET },
    timeoutMs: 60_000,
    ...(input !== undefined && { input }),
  });

/** Of an image without anything to run: read through a container that is never started. */
async function checkFiles(tag: string, files: NonNullable<OwnCase['files']>): Promise<void> {
  const lines = Object.keys(files).map(
    (path) =>
      `if [ -e ${path} ]; then stat -c '${path} %a %u:%g %F' ${path}; [ -f ${path} ] && base64 -w0 ${path}; echo; fi`,
  );
  const printed = await engine.ok([
    'run',
    '--rm',
    '--network',
    'none',
    '--entrypoint',
    '/bin/sh',
    '-u',
    '0',
    tag,
    '-c',
    lines.join('\n'),
  ]);
  for (const [path, expected] of Object.entries(files)) {
    const at = printed.split('\n').findIndex((line) => line.startsWith(`${path} `));
    if (expected === undefined) assert.equal(at, -1, `${path} is there`);
    else {
      const [stat = '', content = ''] = printed.split('\n').slice(at, at + 2);
      assert.notEqual(at, -1, `${path} is not there`);
      if (expected.startsWith('=')) {
        const [, mode, owner, kind] = /^\S+ (\S+) (\S+) (.)/.exec(stat.replace('regular', 'f')) ?? [];
        assert.equal(`=${mode} ${owner} ${kind}`, expected, path);
      } else assert.equal(Buffer.from(content, 'base64').toString(), expected, path);
    }
  }
}

describe('Dockerfiles', { skip }, () => {
  for (const [index, [name, wanted]] of Object.entries(OWN_CASES).entries()) {
    test(name, { timeout: 90_000 }, async () => {
      const tag = `own:${index}`;
      const result = await build(['-t', tag, ...(wanted.args ?? []), '-f', '-', context], wanted.dockerfile);
      assert.doesNotMatch(`${result.stdout}${result.stderr}`, new RegExp(SECRET));
      if (wanted.error) {
        assert.equal(result.code, 1);
        assert.match(result.stderr, wanted.error);
        return;
      }
      assert.equal(result.code, 0, result.stderr);
      if (wanted.files) await checkFiles(tag, wanted.files);
      const image = await engine.get<{ Config: Record<string, unknown> }>(`/images/${tag}/json`);
      for (const [member, value] of Object.entries(wanted.config ?? {}))
        assert.deepEqual(image.Config[member] ?? null, value);
      if (!wanted.history) return;
      const history = await engine.get<{ CreatedBy: string }[]>(`/images/${tag}/history`);
      assert.deepEqual(
        history.slice(0, wanted.history.length).map((h) => h.CreatedBy),
        wanted.history,
      );
    });
  }
});

describe('the cache', { skip }, () => {
  const DOCKERFILE = [
    'FROM base:test',
    'ARG A=1',
    'COPY a.txt /a',
    'COPY dir /dir',
    'RUN echo "$A" > /ran',
    'ENV E=1',
    'RUN --mount=type=bind,source=a.txt,target=/in true',
    'WORKDIR /last',
  ];
  /** Names of the steps that ran. */
  const ran = async (directory: string, lines: string[], args: string[] = []): Promise<string[]> => {
    const { code, stderr } = await build([...args, '-f', '-', directory], lines.join('\n'));
    assert.equal(code, 0, stderr);
    const steps = new Map([...stderr.matchAll(/^#(\d+) \[\d\/\d\] (.*)$/gm)].map(([, number, text]) => [number, text]));
    const cached = new Set([...stderr.matchAll(/^#(\d+) CACHED$/gm)].map(([, number]) => number));
    return [...steps]
      .filter(([number, text]) => !cached.has(number) && !text?.startsWith('FROM'))
      .map(([, text]) => text as string);
  };
  const [COPY_A, COPY_DIR, RUN_A, , RUN_IN, WORKDIR] = DOCKERFILE.slice(2) as [
    string,
    string,
    string,
    string,
    string,
    string,
  ];

  test('each input of a step counts, and nothing else does', { timeout: 120_000 }, async () => {
    const directory = newContext();
    const all = [COPY_A, COPY_DIR, RUN_A, RUN_IN, WORKDIR];
    assert.deepEqual(await ran(directory, DOCKERFILE), all);
    assert.deepEqual(await ran(directory, DOCKERFILE), []);
    utimesSync(join(directory, 'a.txt'), 1, 1);
    utimesSync(join(directory, 'dir'), 1, 1);
    assert.deepEqual(await ran(directory, DOCKERFILE), [], 'times do not count');
    writeFileSync(join(directory, 'ignored/z'), 'other');
    assert.deepEqual(await ran(directory, DOCKERFILE), [], 'what is ignored does not count');
    writeFileSync(join(directory, 'dir/sub/y'), 'Y\n');
    assert.deepEqual(await ran(directory, DOCKERFILE), all.slice(1), 'a byte');
    chmodSync(join(directory, 'dir/x'), 0o700);
    assert.deepEqual(await ran(directory, DOCKERFILE), all.slice(1), 'a mode');
    assert.deepEqual(await ran(directory, DOCKERFILE, ['--build-arg', 'A=2']), all.slice(2), 'an argument');
    const env = DOCKERFILE.map((line) => line.replace('E=1', 'E=2'));
    assert.deepEqual(await ran(directory, env), [RUN_IN, WORKDIR], 'a variable');
    const command = DOCKERFILE.map((line) => line.replace('> /ran', '> /ran2'));
    assert.equal((await ran(directory, command)).length, 3, 'a command');
    const mount = DOCKERFILE.map((line) => line.replace('target=/in', 'target=/in2'));
    assert.equal((await ran(directory, mount)).length, 2, 'a mount');
    writeFileSync(join(directory, 'a.txt'), 'new\n');
    assert.deepEqual(await ran(directory, DOCKERFILE), all, 'what comes first');
    writeFileSync(join(directory, '.dockerignore'), 'ignored\n*.ignored\nDockerfile*\ndir/sub\n');
    assert.deepEqual(await ran(directory, DOCKERFILE), all.slice(1), 'the ignore file');
    assert.deepEqual(await ran(directory, DOCKERFILE, ['--no-cache']), all);
  });

  test('a build out of the cache is the same image, also after a kill -9 of the daemon', {
    timeout: 90_000,
  }, async () => {
    const directory = newContext();
    const id = async () =>
      (await engine.ok(['build', '-q', '-f', '-', directory], { input: DOCKERFILE.join('\n') })).trim();
    const first = await id();
    assert.equal(await id(), first);
    await engine.kill9();
    await engine.start();
    assert.equal(await id(), first);
    assert.deepEqual(await ran(directory, DOCKERFILE), []);
  });

  test('prune empties it, and system df counts it', { timeout: 90_000 }, async () => {
    const usage = () => engine.get<{ BuildCache: { Size: number }[] }>('/v1.51/system/df?type=build-cache');
    const mounts = join(engine.directory, 'data/builder/caches');
    assert.equal((await build(['-'], 'FROM base:test\nRUN --mount=type=cache,target=/c touch /c/x\n')).code, 0);
    assert.notDeepEqual(readdirSync(mounts), []);
    assert.ok((await usage()).BuildCache.length > 0);
    assert.match(
      await engine.ok(['builder', 'prune', '-a', '-f']),
      /^Deleted build cache objects:\n[\s\S]*Total reclaimed space: /,
    );
    assert.deepEqual((await usage()).BuildCache, []);
    assert.deepEqual(readdirSync(mounts), []);
    assert.equal(await engine.ok(['builder', 'prune', '-f']), 'Total reclaimed space: 0B');
  });
});

function tarOf(name: string, text: string): Buffer {
  return Buffer.concat([tarEntry({ name }, text), TAR_END]);
}

function tarEntry({ name, type = 'file' }: { name: string; type?: TarType }, text: string): Buffer {
  const content = Buffer.from(text);
  const header = tarHeader({ name, type, mode: 0o644, uid: 0, gid: 0, size: content.length, mtimeNanos: 0n });
  return Buffer.concat([header, content, tarPadding(content.length)]);
}

describe('around it', { skip }, () => {
  test('a build that is killed in the middle leaves nothing', { timeout: 90_000 }, async () => {
    const before = (await engine.ok(['images', '-aq'])).split('\n').length;
    const building = build(['-f', '-', context], 'FROM base:test\nRUN echo begun; sleep 600\n');
    for (;;) {
      const running = await engine.ok(['ps', '-q']);
      if (running) break;
    }
    await engine.kill9();
    await building;
    await engine.start();
    assert.equal(await engine.ok(['ps', '-aq']), '');
    assert.equal((await engine.ok(['images', '-aq'])).split('\n').length, before);
  });

  test('a client that does not read holds up its build, not the daemon', { timeout: 90_000 }, async () => {
    const resident = () =>
      Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${engine.pid}/status`, 'utf8'))?.[1]) / 1024;
    const body = tarOf(
      'Dockerfile',
      'FROM base:test\nRUN yes "a line of some length, again and again" | head -c 300m\n',
    );
    const before = resident();
    const socket = connect(engine.socket);
    socket.pause();
    socket.write(`POST /v1.55/build HTTP/1.1\r\nHost: d\r\nContent-Length: ${body.length}\r\n\r\n`);
    socket.write(body);
    await eventually(async () => assert.notEqual(await engine.ok(['ps', '-q']), ''));
    // What it would print in this time is several times what it may hold.
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const grown = resident() - before;
    socket.destroy();
    await eventually(async () => assert.equal(await engine.ok(['ps', '-aq']), ''));
    assert.ok(grown < 60, `${grown} MB more`);
  });

  test('names too long for the host are built from and removed', { timeout: 60_000 }, async () => {
    const deep = `${'d'.repeat(250)}/`.repeat(16);
    const archive = Buffer.concat([
      tarEntry({ name: 'Dockerfile' }, 'FROM scratch\nCOPY Dockerfile /\n'),
      tarEntry({ name: `${deep}f` }, 'x'),
      TAR_END,
    ]);
    const { code, stderr } = await engine.cli(['build', '-'], { input: archive });
    assert.equal(code, 0, stderr);
    assert.deepEqual(readdirSync(join(engine.directory, 'data/builder/builds')), []);
    assert.doesNotMatch(engine.log(), /files of a build not removed/);
  });

  test('a pipe is neither copied nor waited for', { timeout: 60_000 }, async () => {
    const dockerfile = tarEntry({ name: 'Dockerfile' }, 'FROM scratch\nADD p /p\n');
    const archive = Buffer.concat([dockerfile, tarEntry({ name: 'p', type: 'fifo' }, ''), TAR_END]);
    const builds = await Promise.all(Array.from({ length: 6 }, () => engine.cli(['build', '-'], { input: archive })));
    for (const { code, stderr } of builds) {
      assert.equal(code, 1);
      assert.match(stderr, /"\/p": no file and no directory/);
    }
    assert.equal(await engine.ok(['run', '--rm', '--network', 'none', 'base:test', 'echo', 'alive']), 'alive');
  });

  test('a stage that fails ends the others', { timeout: 60_000 }, async () => {
    const input = [
      'FROM base:test AS a',
      'RUN sleep 600',
      'FROM base:test AS b',
      'RUN exit 3',
      'FROM base:test',
      'COPY --from=a /etc/hostname /a',
      'COPY --from=b /etc/hostname /b',
    ].join('\n');
    const { code, stderr } = await build(['-'], input);
    assert.equal(code, 1);
    assert.match(stderr, /#\d+ CANCELED\n/);
    assert.match(stderr, /did not complete successfully: exit code: 3\n$/);
    assert.equal(await engine.ok(['ps', '-aq']), '');
  });

  test('hosts of the command line are an input', { timeout: 60_000 }, async () => {
    const input = 'FROM base:test\nRUN grep myhost /etc/hosts > /w\n';
    for (const address of ['10.1.1.1', '10.2.2.2']) {
      await engine.ok(['build', '-q', '-t', 'hosts:1', '--add-host', `myhost:${address}`, '-'], { input });
      await checkFiles('hosts:1', { '/w': `${address}\tmyhost\n` });
    }
  });

  test('an archive on standard input is the context', { timeout: 60_000 }, async () => {
    writeFileSync(join(context, 'Dockerfile'), 'FROM scratch\nCOPY a.txt /\n');
    await runProgram('tar', ['-C', context, '-czf', join(context, 'c.tgz'), 'Dockerfile', 'a.txt']);
    const { code, stderr } = await engine.cli(['build', '-t', 'piped:1', '-'], {
      input: readFileSync(join(context, 'c.tgz')),
    });
    assert.equal(code, 0, stderr);
  });

  test('the id goes to a file, and alone to standard output', { timeout: 60_000 }, async () => {
    const file = join(context, 'id');
    const printed = await engine.ok(
      ['build', '-q', '--iidfile', file, '-t', 'one:1', '-t', 'two', '-f', '-', context],
      {
        input: 'FROM base:test\nENV A=b\n',
      },
    );
    const { Id, RepoTags } = await engine.get<{ Id: string; RepoTags: string[] }>('/images/one:1/json');
    assert.equal(printed, Id);
    assert.deepEqual(RepoTags.sort(), ['one:1', 'two:latest']);
  });

  test('what is not there yet is refused by name', async () => {
    for (const flag of ['--squash', '--ssh=default', '--cache-to=type=inline', '-otype=local,dest=x']) {
      const { code, stderr } = await engine.cli(['build', flag, context]);
      assert.equal(code, 1);
      assert.match(stderr, /^ERROR: --\S+ .*is not there yet: /);
    }
  });
});
