/** Mode non-blocking: a log that takes nothing, here a pipe that nobody reads, does not make its container wait. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, constants, existsSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { eventually } from '../../support/eventually.ts';
import { makeFixture, missing, type ShimFixture } from '../../support/shim-fixture.ts';

const BUFFER = 100_000;
const LAST = 200_000;

/** The shim's other process: the one whose executable it is and whose parent it is. */
function writerOf(shim: number): number | undefined {
  const executable = readFileSync(`/proc/${shim}/cmdline`, 'utf8');
  return childrenOf(shim).find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8') === executable);
}

const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);

const parentOf = (pid: number) => Number(/^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);

describe('a log that does not block', { skip: missing() }, () => {
  let fixture: ShimFixture;
  before(async () => {
    fixture = await makeFixture();
  });
  after(() => fixture.remove());

  test('drops the newest lines when its buffer is full, and keeps the order', { timeout: 60_000 }, async () => {
    let upper = '';
    const start = await fixture.start(['sh', '-c', `seq ${LAST}; touch /done`], (s) => {
      Object.assign(s.log!, { maxBufferBytes: BUFFER });
      upper = s.rootfs.upper;
    });
    execFileSync('mkfifo', [start.log!.path]);
    const pipe = openSync(start.log!.path, constants.O_RDWR | constants.O_NONBLOCK);
    try {
      const shim = await fixture.launcher.start(start);
      await eventually(() => existsSync(join(upper, 'done')), 30_000);
      let text = '';
      const read = () => {
        const block = Buffer.alloc(1 << 16);
        try {
          text += block.toString('latin1', 0, readSync(pipe, block));
        } catch (err) {
          assert.equal((err as NodeJS.ErrnoException).code, 'EAGAIN');
        }
      };
      let ended = false;
      void shim.exited.then(() => {
        ended = true;
      });
      await eventually(() => {
        read();
        return ended;
      }, 30_000);
      for (let before = -1; before !== text.length; read()) before = text.length;
      assert.equal((await shim.exited).exitCode, 0);
      const numbers = text
        .trimEnd()
        .split('\n')
        .map((line) => Number((JSON.parse(line) as { log: string }).log));
      assert.ok(numbers.length > 1000 && numbers.length < LAST, `${numbers.length} lines`);
      assert.ok(numbers.every((n, i) => i === 0 || n > numbers[i - 1]!));
      const firstGap = numbers.findIndex((n, i) => n !== i + 1);
      assert.ok(firstGap > 1000, 'the oldest lines are those that are kept');
    } finally {
      closeSync(pipe);
    }
  });

  test('holds every line, rotated, when it keeps up, also over the death of its writer', {
    timeout: 60_000,
  }, async () => {
    const script = 'seq 1000; read line; seq 1001 2000; head -c 20000 /dev/zero | tr "\\0" x';
    const start = await fixture.start(['sh', '-c', script], (s) => {
      s.stdin = true;
      Object.assign(s.log!, { maxBufferBytes: 1 << 20, maxSizeBytes: 50_000, maxFiles: 10 });
    });
    let rotations = 0;
    const path = start.log!.path;
    const shim = await fixture.launcher.start(start, { onCreated: (c) => c.onLogRotated(() => rotations++) });
    const streams = shim.attach({ stdin: true, stdout: false, stderr: false });
    const monitor = parentOf(shim.pid);
    await eventually(() => existsSync(path) && readFileSync(path, 'utf8').includes('"1000\\n'), 30_000);
    const writer = writerOf(monitor)!;
    process.kill(writer, 'SIGKILL');
    await eventually(() => !existsSync(`/proc/${writer}`), 30_000);
    await streams.write(Buffer.from('go\n'));
    await shim.exited;
    const names = readdirSync(join(path, '..')).filter((name) => name.startsWith('json.log'));
    const texts = names
      .toSorted((a, b) => Number(b.split('.')[2] ?? 0) - Number(a.split('.')[2] ?? 0))
      .flatMap((name) =>
        readFileSync(join(path, '..', name), 'utf8')
          .trimEnd()
          .split('\n'),
      )
      .map((line) => (JSON.parse(line) as { log: string }).log);
    assert.deepEqual(
      texts.slice(0, 2000),
      Array.from({ length: 2000 }, (_, i) => `${i + 1}\n`),
    );
    assert.deepEqual(texts.slice(2000), ['x'.repeat(16384), 'x'.repeat(20000 - 16384)]);
    assert.equal(names.length, 4);
    assert.ok(rotations > 0, 'rotations are told');
    streams.close();
    await shim.gone;
  });
});
