import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, test } from 'node:test';
import { withContainer } from '../../support/with-container.ts';

const ID = 'a'.repeat(64);
const HELP = "\n\nRun 'tsdocker run --help' for more information\n";
const verbs = (requests: string[]): string[] =>
  requests.map((line) =>
    line
      .replace(/\?.*/, '')
      .replace(ID, 'ID')
      .replace(/^\w+ \/containers\//, ''),
  );

describe('run', () => {
  test('attaches and waits before it starts, and ends with the container status', async () => {
    const seen = await withContainer(
      {
        exitCode: 42,
        process: (io) => {
          io.stdout('out\n');
          io.stderr('err\n');
        },
      },
      ['run', 'box', 'true'],
    );
    assert.deepEqual(verbs(seen.requests), ['create', 'ID/attach', 'ID/wait', 'ID/start']);
    assert.equal(seen.requests[1], `POST /containers/${ID}/attach?stream=1&stdout=1&stderr=1`);
    assert.equal(seen.requests[2], `POST /containers/${ID}/wait?condition=next-exit`);
    assert.deepEqual([seen.exitCode, seen.stdout, seen.stderr], [42, 'out\n', 'err\n']);
  });

  test('--rm waits for the removal', async () => {
    const seen = await withContainer({}, ['run', '--rm', 'box']);
    assert.ok(seen.requests.includes(`POST /containers/${ID}/wait?condition=removed`));
  });

  test('-d prints the id and attaches nothing', async () => {
    const seen = await withContainer({}, ['run', '-d', 'box']);
    assert.deepEqual(verbs(seen.requests), ['create', 'ID/wait', 'ID/start']);
    assert.equal(seen.stdout, `${ID}\n`);
  });

  test('-i sends stdin and closes that half at its end', async () => {
    const seen = await withContainer(
      {
        process: async (io) => {
          const all = await io.stdin();
          io.stdout(`${all.length}:${all.slice(0, 3)}`);
        },
      },
      ['run', '-i', 'box', 'cat'],
      { stdin: 'abc'.repeat(500_000) },
    );
    assert.equal(seen.stdout, '1500000:abc');
  });

  test('without -i stdin stays where it is', async () => {
    const stdin = new PassThrough();
    stdin.end('kept');
    await withContainer({ process: (io) => io.stdout('x') }, ['run', 'box'], { stdin });
    assert.equal(stdin.read().toString(), 'kept');
  });

  test('-t with -i needs a terminal, before anything is made', async () => {
    const seen = await withContainer({}, ['run', '-it', 'box']);
    assert.deepEqual([seen.exitCode, seen.stderr], [1, 'the input device is not a TTY\n']);
    assert.deepEqual(seen.requests, []);
  });

  test('-it makes the terminal raw for the session only and gives its size', async () => {
    const seen = await withContainer(
      {
        tty: true,
        process: async (io) => {
          io.stdout(`got ${await io.firstInput()}`);
          await io.asked('/resize');
        },
      },
      ['run', '-it', 'box'],
      { stdin: 'keys', terminal: { height: 33, width: 101 } },
    );
    assert.deepEqual(seen.raw, { made: 1, restored: 1 });
    assert.equal(seen.stdout, 'got keys');
    assert.ok(seen.requests.includes(`POST /containers/${ID}/resize?h=33&w=101`));
    const body = seen.bodies.get('POST /containers/create') as { HostConfig: { ConsoleSize: number[] } };
    assert.deepEqual(body.HostConfig.ConsoleSize, [33, 101]);
  });

  test('the detach keys end the client with 0 and leave the container', async () => {
    const stdin = new PassThrough();
    stdin.write('\x10\x11');
    const seen = await withContainer(
      { tty: true, exitCode: 9, process: async (io) => void (await io.stdin()) },
      ['run', '-it', 'box'],
      { stdin, terminal: { height: 1, width: 1 } },
    );
    assert.equal(seen.exitCode, 0);
    assert.deepEqual(seen.raw, { made: 1, restored: 1 });
  });

  test('a signal goes to the container', async () => {
    const signals: { send?: (signal: NodeJS.Signals) => void } = {};
    const seen = await withContainer(
      {
        exitCode: 7,
        process: async (io) => {
          signals.send?.('SIGTERM');
          io.stdout(`caught ${await io.signal()}`);
        },
      },
      ['run', 'box'],
      { signals },
    );
    assert.deepEqual([seen.exitCode, seen.stdout], [7, 'caught TERM']);
  });

  test('--sig-proxy=false: the signal ends the client', async () => {
    const signals: { send?: (signal: NodeJS.Signals) => void } = {};
    const seen = await withContainer(
      {
        process: async (io) => {
          signals.send?.('SIGTERM');
          await io.stdin();
        },
      },
      ['run', '--sig-proxy=false', 'box'],
      { signals },
    );
    assert.equal(seen.exitCode, 143);
    assert.ok(!seen.requests.some((line) => line.includes('/kill')));
  });

  const START_ERRORS: [string, number][] = [
    ['exec: "x": executable file not found in $PATH', 127],
    ['exec /etc/passwd: permission denied', 126],
    ['exec /etc: is a directory', 126],
    ['driver failed programming external connectivity', 125],
  ];
  for (const [message, exitCode] of START_ERRORS) {
    test(`a start that fails with "${message}" is ${exitCode}, and the terminal is given back`, async () => {
      const seen = await withContainer(
        { tty: true, startError: { status: 400, message }, process: async (io) => void (await io.stdin()) },
        ['run', '--rm', '-it', 'box'],
        { stdin: new PassThrough(), terminal: { height: 1, width: 1 } },
      );
      assert.deepEqual(
        [seen.exitCode, seen.stderr],
        [exitCode, `tsdocker: Error response from daemon: ${message}${HELP}`],
      );
      assert.deepEqual(seen.raw, { made: 1, restored: 1 });
    });
  }

  test('an image that is not here is pulled, with its progress on stderr', async () => {
    const seen = await withContainer({ createErrors: [{ status: 404, message: 'No such image: box:latest' }] }, [
      'run',
      '--platform',
      'linux/arm64',
      'box',
    ]);
    assert.equal(seen.stderr.split('\n')[0], "Unable to find image 'box:latest' locally");
    assert.deepEqual(
      seen.requests.slice(0, 3).map((line) => line.split('?')[0]),
      ['POST /containers/create', 'POST /images/create', 'POST /containers/create'],
    );
    assert.match(seen.requests[1]!, /fromImage=box&tag=latest&platform=linux%2Farm64/);
  });

  test('--pull never does not pull', async () => {
    const seen = await withContainer({ createErrors: [{ status: 404, message: 'No such image: box:latest' }] }, [
      'run',
      '--pull=never',
      'box',
    ]);
    assert.deepEqual(
      [seen.exitCode, seen.stderr],
      [125, `tsdocker: Error response from daemon: No such image: box:latest${HELP}`],
    );
  });

  test('--pull always pulls first', async () => {
    const seen = await withContainer({}, ['run', '--pull=always', '-q', 'box']);
    assert.equal(seen.requests[0]!.split('?')[0], 'POST /images/create');
    assert.equal(seen.stderr, '');
  });

  test('-a and -d contradict each other', async () => {
    const seen = await withContainer({}, ['run', '-d', '-a', 'stdout', 'box']);
    assert.equal(seen.stderr, 'conflicting options: cannot specify both --attach and --detach\n');
    assert.equal(seen.exitCode, 1);
  });
});

describe('--cidfile', () => {
  test('holds the id, is not overwritten, and is gone when nothing was made', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'tsdocker-cid-'));
    const path = join(dir, 'cid');
    try {
      const refused = { createErrors: [{ status: 409, message: 'in use' }] };
      assert.equal((await withContainer(refused, ['create', '--cidfile', path, 'box'])).exitCode, 1);
      assert.ok(!existsSync(path));
      await withContainer({}, ['create', '--cidfile', path, 'box']);
      assert.equal(readFileSync(path, 'utf8'), ID);
      writeFileSync(path, 'mine');
      const seen = await withContainer({}, ['run', '--cidfile', path, 'box']);
      const text = `container ID file found, make sure the other container isn't running or delete ${path}`;
      assert.deepEqual([seen.exitCode, seen.stderr], [125, `tsdocker: ${text}${HELP}`]);
      assert.deepEqual([readFileSync(path, 'utf8'), seen.requests], ['mine', []]);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});
