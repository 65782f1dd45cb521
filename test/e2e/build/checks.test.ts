/** `build --check`, `--call`, and the warnings at the end of a build. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Engine, startTsdockerd } from '../../support/engines.ts';
import { missing } from '../../support/program.ts';

const skip = missing({ root: true, programs: [] });
let engine: Engine;
let context = '';

before(async () => {
  if (skip) return;
  engine = await startTsdockerd();
  context = mkdtempSync(join(tmpdir(), 'check-context-'));
  writeFileSync(join(context, '.dockerignore'), 'hidden\n');
});

after(async () => {
  await engine?.dispose();
  if (context) rmSync(context, { recursive: true, force: true });
});

const DOCKERFILE = ['FROM scratch AS Out', 'ENV A=$NOT_SET', 'COPY hidden /', '', 'CMD run', ''].join('\n');

const run = (args: string[], input = DOCKERFILE) =>
  engine.cli([...args, '-f', '-', context], { input, timeoutMs: 60_000 });

describe('checks', { skip, timeout: 60_000 }, () => {
  test('are told with their lines, and end with 1', async () => {
    const { code, stdout } = await run(['build', '--check']);
    assert.equal(code, 1);
    assert.equal(
      stdout,
      [
        'Check complete, 4 warnings have been found!',
        '',
        'WARNING: StageNameCasing - https://docs.docker.com/go/dockerfile/rule/stage-name-casing/',
        "Stage name 'Out' should be lowercase",
        'Dockerfile:1',
        '--------------------',
        '   1 | >>> FROM scratch AS Out',
        '   2 |     ENV A=$NOT_SET',
        '   3 |     COPY hidden /',
        '--------------------',
        '',
        'WARNING: UndefinedVar - https://docs.docker.com/go/dockerfile/rule/undefined-var/',
        "Usage of undefined variable '$NOT_SET'",
        'Dockerfile:2',
        '--------------------',
        '   1 |     FROM scratch AS Out',
        '   2 | >>> ENV A=$NOT_SET',
        '   3 |     COPY hidden /',
        '   4 |     ',
        '--------------------',
        '',
        'WARNING: CopyIgnoredFile - https://docs.docker.com/go/dockerfile/rule/copy-ignored-file/',
        'Attempting to Copy file "hidden" that is excluded by .dockerignore',
        'Dockerfile:3',
        '--------------------',
        '   1 |     FROM scratch AS Out',
        '   2 |     ENV A=$NOT_SET',
        '   3 | >>> COPY hidden /',
        '   4 |     ',
        '   5 |     CMD run',
        '--------------------',
        '',
        'WARNING: JSONArgsRecommended - https://docs.docker.com/go/dockerfile/rule/json-args-recommended/',
        'JSON arguments recommended for CMD to prevent unintended behavior related to OS signals',
        'Dockerfile:5',
        '--------------------',
        '   3 |     COPY hidden /',
        '   4 |     ',
        '   5 | >>> CMD run',
        '--------------------',
        '',
      ].join('\n'),
    );
  });

  test('are JSON where it is asked for', async () => {
    const { code, stdout } = await run(['build', '--call=check,format=json']);
    assert.equal(code, 1);
    const { warnings, sources } = JSON.parse(stdout);
    assert.deepEqual(warnings[3], {
      ruleName: 'JSONArgsRecommended',
      description: 'JSON arguments recommended for ENTRYPOINT/CMD to prevent unintended behavior related to OS signals',
      url: 'https://docs.docker.com/go/dockerfile/rule/json-args-recommended/',
      detail: 'JSON arguments recommended for CMD to prevent unintended behavior related to OS signals',
      location: { ranges: [{ start: { line: 5 }, end: { line: 5 } }] },
    });
    assert.equal(Buffer.from(sources[0].data, 'base64').toString(), DOCKERFILE);
  });

  test('that find nothing say so', async () => {
    const { code, stdout, stderr } = await run(['buildx', 'build', '--check'], 'FROM scratch\nCMD ["a"]\n');
    assert.equal(`${code} ${stdout}`, '0 Check complete, no warnings found.\n', stderr);
    assert.equal(await engine.ok(['images', '-aq']), '');
  });

  test('tell what a build would fail with', async () => {
    const { code, stdout } = await run(['build', '--call', 'lint'], 'FROM scratch\nSTOPSIGNAL NOPE\n');
    assert.equal(code, 1);
    assert.match(stdout, /^dockerfile parse error on line 2: .*NOPE\nDockerfile:2\n-/);
  });

  test('stand at the end of a build, longer with --debug', async () => {
    const input = 'FROM scratch\nMAINTAINER me\nCMD ["a"]\n';
    const short = await run(['build'], input);
    assert.equal(short.code, 0);
    assert.match(
      short.stderr,
      /\n\n 1 warning found \(use docker --debug to expand\):\n - MaintainerDeprecated: Maintainer instruction is deprecated in favor of using label \(line 2\)\n$/,
    );
    const long = await run(['--debug', 'build'], input);
    assert.match(long.stderr, / 1 warning found:\n - .*\nThe MAINTAINER .*\nMore info: https:.*\nDockerfile:2\n-/);
    assert.equal((await run(['build', '-q'], input)).stderr, '');
  });

  test('fail the build that wants it', async () => {
    const { code, stderr } = await run(['build'], '# check=error=true\nFROM scratch\nMAINTAINER me\n');
    assert.equal(code, 1);
    assert.match(
      stderr,
      /ERROR: failed to build: failed to solve: lint violation found for rules: MaintainerDeprecated\n$/,
    );
  });
});

describe('other calls', { skip, timeout: 60_000 }, () => {
  const INPUT =
    '# V of it\nARG V=1\n# out is built\nFROM scratch AS out\nARG V\nFROM out\nRUN --mount=type=secret,id=s x\n';

  test('outline', async () => {
    assert.equal(
      (await run(['build', '--call=outline', '--target', 'out'], INPUT)).stdout,
      'TARGET:      out\nDESCRIPTION: is built\n\nBUILD ARG   VALUE   DESCRIPTION\nV           1       of it\n\n',
    );
    assert.equal(
      (await run(['build', '--call=outline'], INPUT)).stdout,
      'BUILD ARG   VALUE   DESCRIPTION\nV           1       of it\n\nSECRET   REQUIRED\ns        \n\n',
    );
  });

  test('targets', async () => {
    const { stdout } = await run(['build', '--call=targets'], INPUT);
    assert.equal(stdout, 'TARGET    DESCRIPTION\nout       is built\n(default) \n');
  });

  test('what is none is refused', async () => {
    for (const call of ['nope', 'check,format=xml', 'check,nope=1']) {
      const { code, stderr } = await run(['build', `--call=${call}`]);
      assert.equal(code, 1);
      assert.match(stderr, /^ERROR: /);
    }
  });
});
