import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, test } from 'node:test';
import { withContainer } from '../../support/with-container.ts';

const CREATE = 'POST /containers/web/exec';

describe('exec', () => {
  test('asks for the container first, then makes, starts and looks at the exec', async () => {
    const seen = await withContainer(
      {
        exitCode: 9,
        process: (io) => {
          io.stdout('o\n');
          io.stderr('e\n');
        },
      },
      ['exec', 'web', 'sh', '-c', 'exit 9'],
    );
    assert.deepEqual(seen.requests, ['GET /containers/web/json', CREATE, 'POST /exec/e1/start', 'GET /exec/e1/json']);
    assert.deepEqual([seen.exitCode, seen.stdout, seen.stderr], [9, 'o\n', 'e\n']);
  });

  test('the flags become the request', async () => {
    const argv = ['exec', '-d', '-t', '-u', '5', '-w', '/w', '--privileged', '-e', 'A=1', '-e', 'HERE', '-e', 'GONE'];
    const seen = await withContainer({}, [...argv, '--detach-keys', 'ctrl-x', 'web', 'ls', '-l'], {
      env: { HERE: 'h' },
    });
    assert.deepEqual(seen.bodies.get(CREATE), {
      Cmd: ['ls', '-l'],
      User: '5',
      Privileged: true,
      Tty: true,
      WorkingDir: '/w',
      Env: ['A=1', 'HERE=h', 'GONE'],
      AttachStdin: false,
      AttachStdout: false,
      AttachStderr: false,
      DetachKeys: 'ctrl-x',
    });
    assert.deepEqual(seen.bodies.get('POST /exec/e1/start'), { Detach: true, Tty: true, ConsoleSize: null });
    assert.deepEqual([seen.exitCode, seen.stdout], [0, '']);
  });

  test('-i sends stdin to its end', async () => {
    const seen = await withContainer(
      { process: async (io) => io.stdout((await io.stdin()).toUpperCase()) },
      ['exec', '-i', 'web', 'cat'],
      { stdin: 'hello' },
    );
    assert.equal(seen.stdout, 'HELLO');
  });

  test('-it without a terminal leaves no exec behind', async () => {
    const seen = await withContainer({}, ['exec', '-it', 'web', 'sh']);
    assert.deepEqual([seen.exitCode, seen.stderr], [1, 'the input device is not a TTY\n']);
    assert.deepEqual(seen.requests, ['GET /containers/web/json']);
  });

  test('the detach keys end it with docker words and the terminal as it was', async () => {
    const stdin = new PassThrough();
    stdin.write('ls\x10\x11');
    const seen = await withContainer(
      { tty: true, process: async (io) => void (await io.stdin()) },
      ['exec', '-it', 'web', 'sh'],
      { stdin, terminal: { height: 24, width: 80 } },
    );
    assert.deepEqual([seen.exitCode, seen.stderr], [1, 'read escape sequence\n']);
    assert.deepEqual(seen.raw, { made: 1, restored: 1 });
  });

  test('needs a container and a command', async () => {
    const seen = await withContainer({}, ['exec', 'web']);
    assert.equal(seen.stderr.split('\n')[0], "tsdocker: 'tsdocker exec' requires at least 2 arguments");
    assert.equal(seen.exitCode, 1);
  });
});
