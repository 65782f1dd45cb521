import assert from 'node:assert/strict';
import { appendFileSync, existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { type ForwardJob, LogForwarder } from '../../../../../packages/daemon/src/logging/forward/forwarder.ts';
import type { RemoteDriver } from '../../../../../packages/daemon/src/logging/forward/remote-log.ts';
import type { LogInfo } from '../../../../../packages/daemon/src/logging/log-info.ts';
import { eventually } from '../../../../support/eventually.ts';
import { logHost } from '../../../../support/log-host.ts';

let directory = '';
let path = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tsdocker-forward-'));
  path = join(directory, 'log');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function write(...lines: string[]): void {
  for (const line of lines) {
    const message = Buffer.concat([
      Buffer.from([0x0a, 6]),
      Buffer.from('stdout'),
      Buffer.from([0x10, 1, 0x1a, line.length]),
      Buffer.from(line),
    ]);
    const length = Buffer.from([0, 0, 0, message.length]);
    appendFileSync(path, Buffer.concat([length, message, length]));
  }
}

/** A receiver in memory that can be told to fail, or to take nothing. */
function receiver() {
  const got: string[] = [];
  const state = { failures: 0, stuck: false, opened: 0 };
  const driver: RemoteDriver = {
    options: [],
    check: () => {},
    open: async () => {
      state.opened++;
      return {
        send: async (records) => {
          if (state.stuck) await new Promise(() => {});
          if (state.failures-- > 0) throw new Error('gone');
          got.push(...records.map(({ text }) => text.toString().trim()));
        },
        close: () => {},
      };
    },
  };
  const job = (ended?: Promise<unknown>): ForwardJob => ({
    source: { path, format: 'local', ...(ended && { ended }) },
    positionPath: join(directory, 'position'),
    driver,
    options: {},
    info: {} as LogInfo,
  });
  return { got, state, job };
}

test('sends in order, tries again after a failure, and goes on after the rest where it was', {
  timeout: 60_000,
}, async () => {
  const warnings: string[] = [];
  const { got, state, job } = receiver();
  state.failures = 2;
  const first = new LogForwarder(logHost(), (message) => warnings.push(message));
  write('1', '2');
  const never = new Promise<void>(() => {});
  first.follow('c', job(never));
  first.follow('c', job(never));
  await eventually(() => got.length === 2, 30_000);
  assert.equal(state.opened, 3);
  assert.deepEqual(warnings, ['log receiver does not answer']);
  write('3');
  await eventually(() => got.length === 3, 30_000);
  await eventually(() => existsSync(join(directory, 'position')), 30_000);
  await first.close();
  write('4');
  renameSync(path, `${path}.1`);
  write('5');
  // The next daemon, and then the container's next run.
  const second = new LogForwarder(logHost(), () => {});
  second.follow('c', job(Promise.resolve()));
  await second.drain('c', 30_000);
  assert.deepEqual(got.slice(-2), ['4', '5']);
  write('6');
  second.follow('c', job(Promise.resolve()));
  await second.drain('c', 30_000);
  assert.equal(got.at(-1), '6');
  // What was sent just before the stop may be sent twice; nothing else is, and nothing is missing.
  assert.deepEqual([...new Set(got)], ['1', '2', '3', '4', '5', '6']);
  await second.close();
});

test('a receiver that takes nothing keeps neither a drain nor a stop waiting', { timeout: 60_000 }, async () => {
  const { state, job } = receiver();
  state.stuck = true;
  const forwarder = new LogForwarder(logHost(), () => {});
  write('1');
  forwarder.follow('c', job(Promise.resolve()));
  await eventually(() => state.opened === 1, 30_000);
  await forwarder.drain('c', 20);
  await forwarder.stop('c');
  await forwarder.close();
});
