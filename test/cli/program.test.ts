import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectionError } from '../../packages/cli/src/client/errors.ts';
import { runCli } from '../support/fake-cli.ts';
import { FakeClient } from '../support/fake-client.ts';

const rows: { line: string; code: number; stderr: string }[] = [
  {
    line: 'nosuch',
    code: 1,
    stderr: "tsdocker: unknown command: tsdocker nosuch\n\nRun 'tsdocker --help' for more information\n",
  },
  {
    line: 'image nosuch',
    code: 1,
    stderr:
      "tsdocker: unknown command: tsdocker image nosuch\n\nUsage:  tsdocker image\n\nRun 'tsdocker image --help' for more information\n",
  },
  {
    line: '--bad',
    code: 125,
    stderr:
      "unknown flag: --bad\n\nUsage:  tsdocker [OPTIONS] COMMAND [ARG...]\n\nRun 'tsdocker --help' for more information\n",
  },
  {
    line: 'ps --bad',
    code: 125,
    stderr: "unknown flag: --bad\n\nUsage:  tsdocker ps [OPTIONS]\n\nRun 'tsdocker ps --help' for more information\n",
  },
  {
    line: 'rm',
    code: 1,
    stderr:
      "tsdocker: 'tsdocker rm' requires at least 1 argument\n\nUsage:  tsdocker rm [OPTIONS] CONTAINER [CONTAINER...]\n\nSee 'tsdocker rm --help' for more information\n",
  },
  {
    line: 'rename a',
    code: 1,
    stderr:
      "tsdocker: 'tsdocker rename' requires 2 arguments\n\nUsage:  tsdocker rename CONTAINER NEW_NAME\n\nRun 'tsdocker rename --help' for more information\n",
  },
  {
    line: 'ps x',
    code: 1,
    stderr:
      "tsdocker: 'tsdocker ps' accepts no arguments\n\nUsage:  tsdocker ps [OPTIONS]\n\nRun 'tsdocker ps --help' for more information\n",
  },
  { line: 'help nosuch', code: 1, stderr: 'unknown help topic: nosuch\n' },
  { line: '--log-level x ps', code: 1, stderr: 'Unable to parse logging level: x\n' },
];
for (const { line, code, stderr } of rows) {
  test(`tsdocker ${line} ends with ${code}`, async () => {
    const result = await runCli(line);
    assert.deepEqual([result.exitCode, result.stdout, result.stderr], [code, '', stderr]);
  });
}

test('help that was asked for goes to stdout, help instead of an error to stderr', async () => {
  for (const line of ['--help', 'help', 'image --help', 'ps --help', 'help ps', 'nosuch --help']) {
    const { stdout, stderr, exitCode } = await runCli(line);
    assert.match(stdout, /^Usage: {2}tsdocker/, line);
    assert.deepEqual([stderr, exitCode], ['', 0], line);
  }
  for (const line of ['', 'image']) {
    const { stdout, stderr, exitCode } = await runCli(line);
    assert.deepEqual([stdout, exitCode], ['', 0], line);
    assert.match(stderr, /^Usage: {2}tsdocker/, line);
  }
});

test('every command loads, and its help names it, its flags and its aliases', async () => {
  const { GROUPS } = await import('../../packages/cli/src/commands/index.ts');
  for (const group of GROUPS) {
    for (const entry of group.commands) {
      const { stdout } = await runCli(`${group.name} ${entry.name} --help`);
      assert.ok(stdout.startsWith(`Usage:  tsdocker ${group.name} ${entry.name}`), stdout.slice(0, 60));
      for (const flag of (await entry.load()).flags.filter((spec) => !spec.hidden))
        assert.match(stdout, new RegExp(`--${flag.name}\\b`));
    }
  }
  const { stdout } = await runCli('ps --help');
  assert.match(
    stdout,
    /Aliases:\n {2}tsdocker container ls, tsdocker container list, tsdocker container ps, tsdocker ps\n/,
  );
});

test('long help texts wrap below their column at the width of the terminal', async () => {
  const { stdout } = await runCli('ps --help', { terminal: { width: 60, height: 20 } });
  assert.ok(
    stdout
      .split('\n')
      .filter((line) => line.includes('  -') || line.startsWith('      '))
      .every((line) => line.length <= 62),
  );
});

test('a flag newer than the daemon is refused', async () => {
  const { exitCode, stderr, client } = await runCli('stop -s INT x', { version: '1.41' });
  assert.deepEqual([exitCode, client.lines], [1, []]);
  assert.equal(stderr, '"--signal" requires API version 1.42, but the tsdocker daemon API version is 1.41\n');
});

test('no daemon: one line with the way out', async () => {
  const client = new FakeClient({});
  client.request = async (method, path) => {
    throw connectionError(
      'unix:///var/run/tsdocker.sock',
      method,
      path,
      Object.assign(new Error(), { code: 'ENOENT' }),
    );
  };
  const { exitCode, stderr } = await runCli('ps', { client });
  assert.equal(exitCode, 1);
  assert.match(
    stderr,
    /^Cannot connect to the tsdocker daemon at unix:\/\/\/var\/run\/tsdocker\.sock\. Is the tsdocker daemon running\? .*npm start.*\n$/,
  );
});
