import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { withContainer } from '../../support/with-container.ts';

const ID = 'a'.repeat(64);

describe('start', () => {
  test('starts each and prints the names as they were given', async () => {
    const seen = await withContainer({}, ['start', 'one', 'two']);
    assert.deepEqual(seen.requests, ['POST /containers/one/start', 'POST /containers/two/start']);
    assert.deepEqual([seen.exitCode, seen.stdout], [0, 'one\ntwo\n']);
  });

  test('tells what failed and goes on', async () => {
    const seen = await withContainer({ startError: { status: 404, message: 'No such container: x' } }, [
      'start',
      'x',
      'y',
    ]);
    const line = 'Error response from daemon: No such container: x\n';
    assert.deepEqual([seen.exitCode, seen.stderr], [1, `${line}${line}Error: failed to start containers: x, y\n`]);
  });

  test('-a attaches and waits before the start, and passes the status on', async () => {
    const seen = await withContainer({ exitCode: 4, running: false, process: (io) => io.stdout('so\n') }, [
      'start',
      '-a',
      'web',
    ]);
    assert.deepEqual(seen.requests, [
      'GET /containers/web/json',
      `POST /containers/${ID}/attach?stream=1&stdout=1&stderr=1`,
      `POST /containers/${ID}/wait?condition=next-exit`,
      `POST /containers/${ID}/start`,
    ]);
    assert.deepEqual([seen.exitCode, seen.stdout], [4, 'so\n']);
  });

  test('-i sends stdin only to a container that has one', async () => {
    const echo = {
      running: false,
      process: async (io: { stdin(): Promise<string>; stdout(t: string): void }) => io.stdout(await io.stdin()),
    };
    const open = await withContainer({ ...echo, openStdin: true }, ['start', '-i', 'web'], { stdin: 'typed' });
    assert.equal(open.stdout, 'typed');
    const closed = await withContainer({ running: false, process: (io) => io.stdout('-') }, ['start', '-i', 'web'], {
      stdin: 'x',
    });
    assert.ok(closed.requests.includes(`POST /containers/${ID}/attach?stream=1&stdout=1&stderr=1`));
  });

  test('only one can be attached', async () => {
    const seen = await withContainer({}, ['start', '-a', 'one', 'two']);
    assert.deepEqual([seen.exitCode, seen.stderr], [1, 'you cannot start and attach multiple containers at once\n']);
  });
});
