import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseInterfaceCounters } from '../../../../packages/daemon/src/networks/interface-counters.ts';

const TEXT = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:     100       1    0    0    0     0          0         0      100       1    0    0    0     0       0          0
  eth0: 1234567890123   22    3    4    0     0          0         0      556       6    7    8    0     0       0          0
`;

test('counters are read per interface, received and sent, without the loopback', () => {
  assert.deepEqual(parseInterfaceCounters(TEXT), {
    eth0: {
      rx_bytes: 1234567890123,
      rx_packets: 22,
      rx_errors: 3,
      rx_dropped: 4,
      tx_bytes: 556,
      tx_packets: 6,
      tx_errors: 7,
      tx_dropped: 8,
    },
  });
  assert.deepEqual(parseInterfaceCounters(''), {});
});
