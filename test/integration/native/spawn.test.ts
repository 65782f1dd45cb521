/** Helpers get exactly the descriptors they are given, whatever the numbers. */
import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { native } from '../../../packages/daemon/src/runtime/native/bindings.ts';

test('every descriptor arrives in its place, with gaps and others open between and above', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'spawn-test-'));
  const opened: number[] = [];
  const open = (name: string): number => {
    const path = join(directory, name);
    writeFileSync(path, name);
    const fd = openSync(path, 'r');
    opened.push(fd);
    return fd;
  };
  try {
    // Holes of every size below the sources: where a moved descriptor lands depends on them.
    const all = Array.from({ length: 40 }, (_, i) => open(`file-${i}`));
    for (const hole of [1, 4, 5, 9, 14, 15, 16, 22]) closeSync(opened.splice(opened.indexOf(all[hole]!), 1)[0]!);
    const executable = native.openExecutable(realpathSync('/bin/sh'));
    opened.push(executable);
    for (const indices of [[39, 2, 3, 30], [0, 38, 37, 36, 35], [17, 18, 6, 7, 8, 39, 23], [39]]) {
      const fds = indices.map((i) => all[i]!);
      const report = join(directory, 'report');
      const script = `for fd in ${fds.map((_, i) => 3 + i).join(' ')}; do readlink /proc/self/fd/$fd; done > ${report}`;
      const { exited } = native.spawnHelper({ executable, args: ['-c', script], fds, env: ['PATH=/usr/bin:/bin'] });
      assert.deepEqual(await exited, { exitCode: 0, signal: 0 });
      const expected = indices.map((i) => `${realpathSync(directory)}/file-${i}\n`).join('');
      assert.equal(readFileSync(report, 'utf8'), expected);
    }
  } finally {
    for (const fd of opened) closeSync(fd);
    rmSync(directory, { recursive: true, force: true });
  }
});
