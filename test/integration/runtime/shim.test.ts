import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { collect, makeFixture, missing, readLog, type ShimFixture } from '../../support/shim-fixture.ts';

describe('shim', { skip: missing() }, () => {
  let fixture: ShimFixture;
  before(async () => {
    fixture = await makeFixture();
  });
  after(() => fixture.remove());

  test('runs', async () => {
    const start = await fixture.start(['/bin/sh', '-c', 'echo hello; id; ls -l /proc/self/fd; cat /proc/mounts; ls -l /dev; echo err >&2; exit 7']);
    let output: Promise<{ stdout: string; stderr: string }> | undefined;
    const shim = await fixture.launcher.start(start, {
      onCreated: (created) => {
        output = collect(created.attach({ stdin: false, stdout: true, stderr: true }));
      },
    });
    console.log(await output);
    console.log(await shim.exited);
    await shim.gone;
    console.log(readLog(start.log!.path).slice(0, 2));
  });
});
