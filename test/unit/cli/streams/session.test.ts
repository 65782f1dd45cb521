import assert from 'node:assert/strict';
import { PassThrough, Readable, Writable } from 'node:stream';
import { describe, test } from 'node:test';
import { copyInput } from '../../../../packages/cli/src/streams/copy-input.ts';
import { copyOutput } from '../../../../packages/cli/src/streams/copy-output.ts';
import { DetachDetector, parseDetachKeys } from '../../../../packages/cli/src/streams/detach-keys.ts';
import { frame } from '../../../../packages/shared/src/stdcopy.ts';

describe('detach keys', () => {
  const BYTES: [string, number[]][] = [
    ['', [16, 17]],
    ['a,b', [97, 98]],
    ['ctrl-@,ctrl-[,ctrl-\\,ctrl-],ctrl-^,ctrl-_,ctrl-a,ctrl-z', [0, 27, 28, 29, 30, 31, 1, 26]],
  ];
  for (const [text, bytes] of BYTES)
    test(JSON.stringify(text), () => assert.deepEqual([...parseDetachKeys(text)], bytes));
  for (const text of ['ctrl-', 'ctrl-A', 'ab', 'ctrl-p,', '\u00e9']) {
    test(`${JSON.stringify(text)} is refused`, () =>
      assert.throws(() => parseDetachKeys(text), /^Error: Unknown character: '/));
  }

  const typed = (...chunks: string[]): [string, boolean] => {
    const detector = new DetachDetector(Buffer.from('ab'));
    let passed = '';
    for (const chunk of chunks) {
      const { pass, detached } = detector.push(Buffer.from(chunk));
      passed += pass;
      if (detached) return [passed, true];
    }
    return [passed + detector.flush(), false];
  };
  const TYPED: [string[], string, boolean][] = [
    [['xaby'], 'x', true],
    [['xa', 'by'], 'x', true],
    [['xa', 'xb'], 'xaxb', false],
    [['aab'], 'a', true],
    [['a'], 'a', false],
    [['a', '', 'c', 'a'], 'aca', false],
  ];
  for (const [chunks, passed, detached] of TYPED) {
    test(`typed ${chunks.join('|')}`, () => assert.deepEqual(typed(...chunks), [passed, detached]));
  }
});

/** Takes nothing until it is told to. */
class Slow extends Writable {
  readonly #held: (() => void)[] = [];
  #open = false;
  taken = 0;
  override _write(chunk: Buffer, _: string, done: () => void): void {
    const take = (): void => {
      this.taken += chunk.length;
      done();
    };
    if (this.#open) take();
    else this.#held.push(take);
  }
  open(): void {
    this.#open = true;
    for (const take of this.#held.splice(0)) take();
  }
}

const turns = async (n: number): Promise<void> => {
  for (let i = 0; i < n; i++) await new Promise((resolve) => setImmediate(resolve));
};

/** Counts the chunks that were asked for. */
function counted(chunk: Buffer, count: number): { stream: Readable; read: () => number } {
  let read = 0;
  const stream = Readable.from(
    (function* () {
      while (read < count) {
        read += 1;
        yield chunk;
      }
    })(),
    { objectMode: false },
  );
  return { stream, read: () => read };
}

describe('backpressure', () => {
  test('input is not read while the container does not take it', async () => {
    const { stream, read } = counted(Buffer.alloc(65_536), 100);
    const socket = new Slow();
    const { done } = copyInput(stream, socket, undefined);
    await turns(200);
    assert.ok(read() < 8, `${read()} chunks read ahead`);
    socket.open();
    assert.equal(await done, 'ended');
    await turns(5);
    assert.equal(socket.taken, 6_553_600);
  });

  test('output is not read while our reader does not take it', async () => {
    const { stream, read } = counted(frame(1, Buffer.alloc(65_536)), 100);
    const stdout = new Slow();
    const copied = copyOutput(stream, { stdout }, false);
    await turns(200);
    assert.ok(read() < 8, `${read()} frames read ahead`);
    stdout.open();
    await copied;
    await turns(5);
    assert.equal(stdout.taken, 6_553_600);
  });
});

describe('input', () => {
  test('stop leaves what was not read', async () => {
    const source = new PassThrough();
    const socket = new PassThrough();
    const copy = copyInput(source, socket, undefined);
    source.write('sent');
    await turns(5);
    copy.stop();
    source.write('kept');
    await turns(5);
    assert.equal(socket.read().toString(), 'sent');
    assert.equal(source.read().toString(), 'kept');
  });

  const ENDS: [string, DetachDetector | undefined, 'ended' | 'detached'][] = [
    ['x', undefined, 'ended'],
    ['xab', new DetachDetector(Buffer.from('ab')), 'detached'],
  ];
  for (const [text, detector, how] of ENDS) {
    test(`${how}: not before the container has taken what came, for the connection is destroyed then`, async () => {
      const socket = new Slow();
      const { done } = copyInput(Readable.from([Buffer.from(text)]), socket, detector);
      let settled = false;
      void done.then(() => {
        settled = true;
      });
      await turns(20);
      assert.equal(settled, false);
      socket.open();
      assert.equal(await done, how);
      assert.equal(socket.taken, 1);
    });
  }

  test('a container that takes no more ends the copy', async () => {
    const socket = new PassThrough();
    const { done } = copyInput(new PassThrough(), socket, undefined);
    socket.destroy();
    assert.equal(await done, 'refused');
  });
});

describe('output', () => {
  test('frames go to their streams, and an error of the daemon in the stream is thrown', async () => {
    const connection = Readable.from([
      frame(1, Buffer.from('o')),
      frame(2, Buffer.from('e')),
      frame(3, Buffer.from('lost')),
    ]);
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    await assert.rejects(copyOutput(connection, { stdout, stderr }, false), {
      message: 'error from daemon in stream: lost',
    });
    assert.deepEqual([stdout.read().toString(), stderr.read().toString()], ['o', 'e']);
  });

  test('a reader that has gone is told to the caller', async () => {
    const stdout = new Slow();
    const copied = copyOutput(counted(Buffer.alloc(65_536), 9).stream, { stdout }, true);
    await turns(5);
    stdout.destroy(new Error('gone'));
    await assert.rejects(copied, { message: 'gone' });
  });
});
