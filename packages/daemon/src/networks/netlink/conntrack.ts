/**
 * Connection tracking entries: list and delete. Pure.
 * @see Linux include/uapi/linux/netfilter/nfnetlink_conntrack.h
 */
import { attribute, attributes, type NetlinkMessage, type NetlinkReply, NLM_F, nested } from './message.ts';
import { ENOENT } from './route.ts';

const SUBSYSTEM = 1;
const MSG_GET = 1;
const MSG_DELETE = 2;
const AF_INET = 2;
const CTA = { original: 1, reply: 2, id: 12 } as const;

/** One direction of a flow. Ports are 0 for protocols that have none. */
export interface Tuple {
  protocol: number;
  source: number;
  destination: number;
  sourcePort: number;
  destinationPort: number;
}

export interface Flow {
  original: Tuple;
  reply: Tuple;
  /** What names the entry to the kernel. */
  identity: Buffer;
}

const header = (): Buffer => Buffer.from([AF_INET, 0, 0, 0]);

export function dumpFlows(): NetlinkMessage {
  return {
    type: (SUBSYSTEM << 8) | MSG_GET,
    flags: NLM_F.request | NLM_F.dump,
    payload: header(),
    step: 'list connections',
  };
}

/** Deletes an entry; one that has ended meanwhile is no failure. */
export function deleteFlow(flow: Flow): NetlinkMessage {
  return {
    type: (SUBSYSTEM << 8) | MSG_DELETE,
    flags: NLM_F.request | NLM_F.ack,
    payload: Buffer.concat([header(), flow.identity]),
    step: 'delete connection',
    tolerate: [ENOENT],
  };
}

/** Undefined for entries that are not IPv4. */
export function parseFlow(reply: NetlinkReply): Flow | undefined {
  const attrs = attributes(reply.payload.subarray(4));
  const original = attrs.get(CTA.original);
  const answer = attrs.get(CTA.reply);
  if (reply.payload[0] !== AF_INET || !original || !answer) return undefined;
  const id = attrs.get(CTA.id);
  return {
    original: parseTuple(original),
    reply: parseTuple(answer),
    identity: Buffer.concat([nested(CTA.original, original), ...(id ? [attribute(CTA.id, id)] : [])]),
  };
}

function parseTuple(data: Buffer): Tuple {
  const parts = attributes(data);
  const addresses = attributes(parts.get(1) ?? Buffer.alloc(0));
  const protocol = attributes(parts.get(2) ?? Buffer.alloc(0));
  return {
    protocol: protocol.get(1)?.readUInt8(0) ?? 0,
    source: addresses.get(1)?.readUInt32BE(0) ?? 0,
    destination: addresses.get(2)?.readUInt32BE(0) ?? 0,
    sourcePort: protocol.get(2)?.readUInt16BE(0) ?? 0,
    destinationPort: protocol.get(3)?.readUInt16BE(0) ?? 0,
  };
}
