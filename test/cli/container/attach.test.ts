import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, test } from 'node:test';
import { withContainer } from '../../support/with-container.ts';

describe('attach', () => {
  test('shows both streams and ends with the container status', async () => {
    const seen = await withContainer(
      {
        running: true,
        exitCode: 5,
        process: (io) => {
          io.stdout('late\n');
          io.stderr('lerr\n');
        },
      },
      ['attach', 'web'],
    );
    assert.deepEqual([seen.exitCode, seen.stdout, seen.stderr], [5, 'late\n', 'lerr\n']);
    assert.ok(seen.requests.includes('POST /containers/web/wait?condition=not-running'));
  });

  test('--no-stdin leaves an open stdin alone', async () => {
    const seen = await withContainer({ running: true, openStdin: true, process: (io) => io.stdout('x') }, [
      'attach',
      '--no-stdin',
      'web',
    ]);
    assert.ok(seen.requests.includes('POST /containers/web/attach?stream=1&stdout=1&stderr=1'));
  });

  const STATES = [
    [{ running: false }, 'You cannot attach to a stopped container, start it first\n'],
    [{ running: true, paused: true }, 'You cannot attach to a paused container, unpause it first\n'],
    [{ running: true, tty: true, openStdin: true }, 'the input device is not a TTY\n'],
  ] as const;
  for (const [state, text] of STATES) {
    test(text.trim(), async () => {
      const seen = await withContainer(state, ['attach', 'web']);
      assert.deepEqual([seen.exitCode, seen.stderr], [1, text]);
      assert.deepEqual(seen.requests, ['GET /containers/web/json']);
    });
  }

  test('a terminal is sized twice, so that the program draws its screen, and detached from by its own keys', async () => {
    const stdin = new PassThrough();
    stdin.write('\x10\x11a\x18x');
    const typed = Promise.withResolvers<string>();
    const seen = await withContainer(
      { running: true, tty: true, openStdin: true, process: async (io) => typed.resolve(await io.stdin()) },
      ['attach', '--detach-keys', 'ctrl-x,x', 'web'],
      { stdin, terminal: { height: 24, width: 80 } },
    );
    assert.deepEqual([seen.exitCode, seen.stderr], [1, 'read escape sequence\n']);
    assert.equal(await typed.promise, '\x10\x11a');
    const sizes = seen.requests.filter((line) => line.includes('/resize'));
    assert.deepEqual(sizes, ['POST /containers/web/resize?h=25&w=81', 'POST /containers/web/resize?h=24&w=80']);
  });
});
