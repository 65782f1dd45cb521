import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseFlow } from '../../../../packages/daemon/src/networks/netlink/conntrack.ts';
import {
  attribute,
  attributeList,
  decodeReplies,
  encodeRequest,
  errorOf,
  nested,
  readText,
  text,
  u32,
} from '../../../../packages/daemon/src/networks/netlink/message.ts';
import { NetlinkError, NetlinkSocket } from '../../../../packages/daemon/src/networks/netlink/socket.ts';

test('attributes are padded to four bytes and carry their unpadded length', () => {
  assert.equal(text(3, 'abc').toString('hex'), '0800030061626300');
  assert.equal(text(3, 'abcd').toString('hex'), '090003006162636400000000');
  assert.equal(nested(18, u32(1, 7)).toString('hex'), '0c0012800800010007000000');
});

test('attributes come back in order, and a length that does not fit ends the list', () => {
  const data = Buffer.concat([text(1, 'a'), attribute(2, Buffer.from([9]))]);
  const list = attributeList(data);
  assert.deepEqual(
    list.map(([type]) => type),
    [1, 2],
  );
  assert.equal(readText(list[0]![1]), 'a');
  const hostile = Buffer.concat([data, Buffer.from([0xff, 0xff, 1, 0, 0, 0, 0, 0])]);
  assert.equal(attributeList(hostile).length, 2);
  assert.equal(attributeList(Buffer.from([3, 0, 1, 0])).length, 0);
});

test('each message of a request gets its own sequence number', () => {
  const message = { type: 16, flags: 5, payload: Buffer.from([1, 2]), step: 'x' };
  const bytes = encodeRequest([message, message], 7);
  const replies = decodeReplies(bytes);
  assert.deepEqual(
    replies.map(({ type, flags, seq }) => ({ type, flags, seq })),
    [
      { type: 16, flags: 5, seq: 7 },
      { type: 16, flags: 5, seq: 8 },
    ],
  );
  assert.equal(decodeReplies(bytes.subarray(0, bytes.length - 4)).length, 1);
});

function errorReply(seq: number, errno: number): Buffer {
  const payload = Buffer.alloc(20);
  payload.writeInt32LE(-errno, 0);
  return encodeRequest([{ type: 2, flags: 0x100, payload, step: '' }], seq);
}

test('an error names the message it belongs to; a tolerated one is none', async () => {
  const binding = {
    netlinkOpen: () => -1,
    netlinkTransact: async (_fd: number, request: Buffer) => {
      const seq = request.readUInt32LE(8);
      return Buffer.concat([errorReply(seq, 2), errorReply(seq + 1, 17)]);
    },
  };
  const socket = new NetlinkSocket(binding, -1);
  const first = { type: 1, flags: 5, payload: Buffer.alloc(0), step: 'first', tolerate: [2] };
  const second = { type: 1, flags: 5, payload: Buffer.alloc(0), step: 'second' };
  await assert.rejects(socket.transact([first, second]), (err: unknown) => {
    assert.ok(err instanceof NetlinkError);
    assert.equal(err.message, 'second: EEXIST');
    return err.code === 'EEXIST' && err.errno === 17;
  });
  assert.deepEqual(await socket.transact([first, { ...second, tolerate: [17] }]), []);
});

test('replies to an abandoned request are not taken for ours', async () => {
  const binding = {
    netlinkOpen: () => -1,
    netlinkTransact: async (_fd: number, request: Buffer) =>
      Buffer.concat([errorReply(request.readUInt32LE(8) + 1000, 1), errorReply(request.readUInt32LE(8), 0)]),
  };
  const message = { type: 1, flags: 5, payload: Buffer.alloc(0), step: 'x' };
  assert.deepEqual(await new NetlinkSocket(binding, -1).transact([message]), []);
});

test("the kernel's own words are part of the error", () => {
  const payload = Buffer.concat([Buffer.alloc(20), text(1, 'Invalid MTU')]);
  payload.writeInt32LE(-22, 0);
  assert.deepEqual(errorOf({ type: 2, flags: 0x300, seq: 1, payload }), { errno: 22, text: 'Invalid MTU' });
});

test('a tracked flow is read from both of its tuples', () => {
  const tuple = (source: string, destination: string, port: number): Buffer =>
    Buffer.concat([
      nested(1, attribute(1, Buffer.from(source, 'hex')), attribute(2, Buffer.from(destination, 'hex'))),
      nested(2, attribute(1, Buffer.from([17])), attribute(3, Buffer.from([port >> 8, port & 0xff]))),
    ]);
  const payload = Buffer.concat([
    Buffer.from([2, 0, 0, 0]),
    nested(1, tuple('c0000201', 'c0000202', 5353)),
    nested(2, tuple('ac110002', 'c0000201', 40000)),
  ]);
  const flow = parseFlow({ type: 0x100, flags: 0, seq: 1, payload });
  assert.equal(flow?.original.destinationPort, 5353);
  assert.equal(flow?.original.protocol, 17);
  assert.equal(flow?.reply.source, 0xac110002);
});
