import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  boundingSetOf,
  CAPABILITY_NAMES,
  capabilitySet,
  DEFAULT_CAPABILITIES,
  toOciCapabilities,
} from '../../../../../packages/daemon/src/runtime/spec/capabilities.ts';

const ALL = CAPABILITY_NAMES;
const mask = (caps: readonly string[]) =>
  caps.reduce((bits, cap) => bits | (1n << BigInt(ALL.indexOf(cap))), 0n).toString(16);

test('the default set is the mask Docker shows', () => {
  assert.equal(mask(capabilitySet({ privileged: false, add: [], drop: [] }, ALL)), 'a80425fb');
});

test('add, drop and ALL combine as in the table', () => {
  const set = (add: string[], drop: string[], available = ALL) =>
    capabilitySet({ privileged: false, add, drop }, available);
  assert.deepEqual(set(['net_admin'], ['CAP_MKNOD']), [
    ...DEFAULT_CAPABILITIES.filter((c) => c !== 'CAP_MKNOD'),
    'CAP_NET_ADMIN',
  ]);
  assert.deepEqual(set(['CHOWN', 'SYS_TIME'], ['ALL']), ['CAP_CHOWN', 'CAP_SYS_TIME']);
  assert.deepEqual(
    set(['all'], ['SYS_ADMIN']),
    ALL.filter((c) => c !== 'CAP_SYS_ADMIN'),
  );
  assert.ok(set(['MKNOD'], ['MKNOD']).includes('CAP_MKNOD'), 'an added one wins');
  assert.deepEqual(set([], [], ['CAP_CHOWN']), ['CAP_CHOWN'], 'never more than the daemon has');
});

test('a privileged container has what the daemon has, whatever is added or dropped', () => {
  const available = ALL.filter((c) => c !== 'CAP_SYS_RESOURCE');
  assert.deepEqual(capabilitySet({ privileged: true, add: [], drop: ['ALL'] }, available), available);
});

test('unknown and unavailable names are refused', () => {
  const set = (add: string[]) => capabilitySet({ privileged: false, add, drop: [] }, ['CAP_CHOWN']);
  assert.throws(() => set(['nope']), { message: 'unknown capability: "CAP_NOPE"', code: 'InvalidParameter' });
  assert.throws(() => set(['SYS_TIME']), /capability not supported by your kernel or not available.*"CAP_SYS_TIME"/);
});

test('the bounding set is read from a status file, bit by bit', () => {
  const caps = boundingSetOf('CapInh:\t0\nCapBnd:\t000001fffeffffff\n');
  assert.equal(caps.length, 40);
  assert.ok(!caps.includes('CAP_SYS_RESOURCE'));
  assert.deepEqual(toOciCapabilities(['CAP_KILL']).ambient, []);
});
