/**
 * Netlink messages as bytes: attributes, headers, replies. Pure. The kernel's own integers are in host order, which is
 * little endian wherever this runs; nfnetlink's attributes are big endian.
 * @see Linux Documentation/userspace-api/netlink/intro.rst
 */

export const NLM_F = {
  request: 0x1,
  ack: 0x4,
  dump: 0x300,
  replace: 0x100,
  excl: 0x200,
  create: 0x400,
  append: 0x800,
} as const;

const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
const NLA_F_NESTED = 0x8000;
const HEADER_BYTES = 16;
/** Set on the messages of a dump the kernel changed under its own feet: the dump is to be repeated. */
const NLM_F_DUMP_INTR = 0x10;
const NLM_F_CAPPED = 0x100;
const NLM_F_ACK_TLVS = 0x200;

/** One request message without its sequence number. */
export interface NetlinkMessage {
  type: number;
  flags: number;
  /** Family header and attributes. */
  payload: Buffer;
  /** What it does, for errors: `create veth`. */
  step: string;
  /** Errnos that are no failure for this message. */
  tolerate?: readonly number[];
}

export interface NetlinkReply {
  type: number;
  flags: number;
  seq: number;
  payload: Buffer;
}

const align = (n: number): number => (n + 3) & ~3;

/** An attribute with its payload, padded to four bytes. */
export function attribute(type: number, payload: Buffer): Buffer {
  const out = Buffer.alloc(align(4 + payload.length));
  out.writeUInt16LE(4 + payload.length, 0);
  out.writeUInt16LE(type, 2);
  payload.copy(out, 4);
  return out;
}

/** An attribute that holds attributes. */
export function nested(type: number, ...children: Buffer[]): Buffer {
  return attribute(type | NLA_F_NESTED, Buffer.concat(children));
}

export function u8(type: number, value: number): Buffer {
  return attribute(type, Buffer.from([value]));
}

export function u32(type: number, value: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32LE(value >>> 0, 0);
  return attribute(type, payload);
}

export function be32(type: number, value: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeInt32BE(value | 0, 0);
  return attribute(type, payload);
}

export function be64(type: number, value: bigint): Buffer {
  const payload = Buffer.alloc(8);
  payload.writeBigUInt64BE(value, 0);
  return attribute(type, payload);
}

/** A string attribute, null terminated. */
export function text(type: number, value: string): Buffer {
  return attribute(type, Buffer.from(`${value}\0`, 'utf8'));
}

/** The request as one buffer; message i gets sequence number `firstSeq + i`. */
export function encodeRequest(messages: readonly NetlinkMessage[], firstSeq: number): Buffer {
  return Buffer.concat(
    messages.map((message, i) => {
      const out = Buffer.alloc(HEADER_BYTES + align(message.payload.length));
      out.writeUInt32LE(HEADER_BYTES + message.payload.length, 0);
      out.writeUInt16LE(message.type, 4);
      out.writeUInt16LE(message.flags, 6);
      out.writeUInt32LE((firstSeq + i) >>> 0, 8);
      message.payload.copy(out, HEADER_BYTES);
      return out;
    }),
  );
}

/** Cuts a buffer of replies into messages. Stops at a length that does not fit. */
export function decodeReplies(data: Buffer): NetlinkReply[] {
  const replies: NetlinkReply[] = [];
  let offset = 0;
  while (offset + HEADER_BYTES <= data.length) {
    const length = data.readUInt32LE(offset);
    if (length < HEADER_BYTES || offset + length > data.length) break;
    replies.push({
      type: data.readUInt16LE(offset + 4),
      flags: data.readUInt16LE(offset + 6),
      seq: data.readUInt32LE(offset + 8),
      payload: data.subarray(offset + HEADER_BYTES, offset + length),
    });
    offset += align(length);
  }
  return replies;
}

/** errno (positive; 0 = ack) and the kernel's own words of an ERROR or DONE message; undefined for any other message. */
export function errorOf(reply: NetlinkReply): { errno: number; text?: string } | undefined {
  if (reply.type !== NLMSG_ERROR && reply.type !== NLMSG_DONE) return undefined;
  const errno = reply.payload.length >= 4 ? -reply.payload.readInt32LE(0) : 0;
  if (!(reply.flags & NLM_F_ACK_TLVS)) return { errno };
  let start = 4;
  if (reply.type === NLMSG_ERROR) {
    const echoed = reply.payload.length >= 8 ? reply.payload.readUInt32LE(4) : 0;
    start = 4 + (reply.flags & NLM_F_CAPPED ? HEADER_BYTES : align(echoed));
  }
  const words = attributes(reply.payload.subarray(start)).get(1);
  return words ? { errno, text: readText(words) } : { errno };
}

/** True for replies that carry data: neither acks, errors nor the end of a dump. */
export function isData(reply: NetlinkReply): boolean {
  return reply.type > NLMSG_DONE;
}

export function isInterrupted(reply: NetlinkReply): boolean {
  return (reply.flags & NLM_F_DUMP_INTR) !== 0 && (isData(reply) || reply.type === NLMSG_DONE);
}

/** Attributes by type; the last of a repeated one wins. */
export function attributes(data: Buffer): Map<number, Buffer> {
  return new Map(attributeList(data));
}

/** Attributes in order, as [type, payload]. */
export function attributeList(data: Buffer): [number, Buffer][] {
  const found: [number, Buffer][] = [];
  let offset = 0;
  while (offset + 4 <= data.length) {
    const length = data.readUInt16LE(offset);
    if (length < 4 || offset + length > data.length) break;
    found.push([data.readUInt16LE(offset + 2) & 0x3fff, data.subarray(offset + 4, offset + length)]);
    offset += align(length);
  }
  return found;
}

/** A string attribute's value, without the null byte. */
export function readText(payload: Buffer): string {
  const end = payload.indexOf(0);
  return payload.toString('utf8', 0, end < 0 ? payload.length : end);
}
