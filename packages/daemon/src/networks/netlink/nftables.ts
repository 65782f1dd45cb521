/**
 * nftables messages: tables, chains, rules, maps and their elements. Pure; expressions are in nft-expressions.ts.
 * @see Linux include/uapi/linux/netfilter/nf_tables.h
 */
import {
  attribute,
  attributeList,
  attributes,
  be32,
  type NetlinkMessage,
  type NetlinkReply,
  NLM_F,
  nested,
  readText,
  text,
} from './message.ts';

const SUBSYSTEM = 10;
const BATCH_BEGIN = 0x10;
const BATCH_END = 0x11;
const MSG = {
  newTable: 0,
  delTable: 2,
  newChain: 3,
  getChain: 4,
  newRule: 6,
  getRule: 7,
  delRule: 8,
  newSet: 9,
  newElement: 12,
  getElement: 13,
  delElement: 14,
} as const;
const LIST_ELEM = 1;
const SET_IS_MAP = 8;

export const FAMILY = { unspec: 0, inet: 1, ip: 2 } as const;
export const HOOK = { prerouting: 0, forward: 2, output: 3, postrouting: 4 } as const;
/** nft's own numbers of its data types; a concatenation has six bits for each part. */
export const DATATYPE = { ipv4Address: 7, protocol: 12, port: 13 } as const;

/** Names a table. */
export interface TableRef {
  family: number;
  table: string;
}

export interface BaseChain {
  type: 'nat' | 'filter';
  hook: number;
  priority: number;
}

/** A chain of the system as a dump shows it. */
export interface ChainInfo extends TableRef {
  chain: string;
  /** Undefined for chains that are only jumped to. */
  hook?: number;
  policyDrop: boolean;
}

function generic(family: number, resourceId = 0): Buffer {
  const header = Buffer.alloc(4);
  header.writeUInt8(family, 0);
  header.writeUInt16BE(resourceId, 2);
  return header;
}

function message(kind: number, flags: number, family: number, step: string, ...attrs: Buffer[]): NetlinkMessage {
  return {
    type: (SUBSYSTEM << 8) | kind,
    flags: NLM_F.request | flags,
    payload: Buffer.concat([generic(family), ...attrs]),
    step,
  };
}

/** Frames changes as one transaction: all of them happen or none. */
export function transaction(changes: readonly NetlinkMessage[]): NetlinkMessage[] {
  const frame = (type: number, step: string): NetlinkMessage => ({
    type,
    flags: NLM_F.request,
    payload: generic(0, SUBSYSTEM),
    step,
  });
  const last = changes.length - 1;
  return [
    frame(BATCH_BEGIN, 'nftables transaction'),
    // Errors come unasked; the ack of the last change says that the kernel has been through all.
    ...changes.map((change, i) => (i === last ? { ...change, flags: change.flags | NLM_F.ack } : change)),
    frame(BATCH_END, 'nftables transaction end'),
  ];
}

export function addTable(ref: TableRef): NetlinkMessage {
  return message(MSG.newTable, NLM_F.create, ref.family, `add table ${ref.table}`, text(1, ref.table));
}

export function deleteTable(ref: TableRef): NetlinkMessage {
  return message(MSG.delTable, 0, ref.family, `delete table ${ref.table}`, text(1, ref.table));
}

/** Base chains have the policy accept. */
export function addChain(ref: TableRef, chain: string, base?: BaseChain): NetlinkMessage {
  const hooked = base ? [nested(4, be32(1, base.hook), be32(2, base.priority)), text(7, base.type), be32(5, 1)] : [];
  const attrs = [text(1, ref.table), text(3, chain), ...hooked];
  return message(MSG.newChain, NLM_F.create, ref.family, `add chain ${chain}`, ...attrs);
}

/** A rule at the end of the chain, or at its head. `comment` is shown by nft and found by listRules. */
export function addRule(
  ref: TableRef & { chain: string },
  expressions: readonly Buffer[],
  opts: { comment?: string; atHead?: boolean } = {},
): NetlinkMessage {
  const attrs = [
    text(1, ref.table),
    text(2, ref.chain),
    nested(4, ...expressions.map((expression) => nested(LIST_ELEM, expression))),
  ];
  if (opts.comment) attrs.push(attribute(7, commentData(opts.comment)));
  const flags = NLM_F.create | (opts.atHead ? 0 : NLM_F.append);
  return message(MSG.newRule, flags, ref.family, `add rule to ${ref.table} ${ref.chain}`, ...attrs);
}

/** nft's user data: type, length, text with its null byte. Type 0 is the comment. */
function commentData(comment: string): Buffer {
  const value = Buffer.from(`${comment}\0`);
  return Buffer.concat([Buffer.from([0, value.length]), value]);
}

export function deleteRule(ref: TableRef & { chain: string }, handle: Buffer): NetlinkMessage {
  const attrs = [text(1, ref.table), text(2, ref.chain), attribute(3, handle)];
  return message(MSG.delRule, 0, ref.family, `delete rule of ${ref.table} ${ref.chain}`, ...attrs);
}

/** A map from a concatenation to a concatenation; each part takes four bytes. `id` is any number unique in the batch. */
export function addMap(
  ref: TableRef,
  map: { name: string; id: number; key: readonly number[]; data: readonly number[] },
): NetlinkMessage {
  const concat = (parts: readonly number[]): number => parts.reduce((all, part) => (all << 6) | part, 0);
  const attrs = [
    text(1, ref.table),
    text(2, map.name),
    be32(3, SET_IS_MAP),
    be32(4, concat(map.key)),
    be32(5, 4 * map.key.length),
    be32(6, concat(map.data)),
    be32(7, 4 * map.data.length),
    be32(10, map.id),
  ];
  return message(MSG.newSet, NLM_F.create, ref.family, `add map ${map.name}`, ...attrs);
}

/** How many bytes of elements go into one message: nested attributes are limited to 64 KiB. */
const ELEMENTS_PER_MESSAGE = 500;

export interface MapElement {
  key: Buffer;
  data: Buffer;
}

function elementMessages(
  kind: number,
  flags: number,
  ref: TableRef,
  map: string,
  elements: readonly MapElement[],
): NetlinkMessage[] {
  const messages: NetlinkMessage[] = [];
  for (let start = 0; start < elements.length; start += ELEMENTS_PER_MESSAGE) {
    const list = elements
      .slice(start, start + ELEMENTS_PER_MESSAGE)
      .map((element) => nested(LIST_ELEM, nested(1, attribute(1, element.key)), nested(2, attribute(1, element.data))));
    const attrs = [text(1, ref.table), text(2, map), nested(3, ...list)];
    const verb = kind === MSG.newElement ? 'add elements to' : 'delete elements of';
    messages.push(message(kind, flags, ref.family, `${verb} ${map}`, ...attrs));
  }
  return messages;
}

export function addElements(ref: TableRef, map: string, elements: readonly MapElement[]): NetlinkMessage[] {
  return elementMessages(MSG.newElement, NLM_F.create | NLM_F.excl, ref, map, elements);
}

export function deleteElements(ref: TableRef, map: string, elements: readonly MapElement[]): NetlinkMessage[] {
  return elementMessages(MSG.delElement, 0, ref, map, elements);
}

/** Every chain of every table. */
export function dumpChains(): NetlinkMessage {
  return message(MSG.getChain, NLM_F.dump, FAMILY.unspec, 'list chains');
}

export function dumpRules(ref: TableRef & { chain: string }): NetlinkMessage {
  return message(MSG.getRule, NLM_F.dump, ref.family, 'list rules', text(1, ref.table), text(2, ref.chain));
}

export function dumpElements(ref: TableRef, map: string): NetlinkMessage {
  return message(MSG.getElement, NLM_F.dump, ref.family, 'list elements', text(1, ref.table), text(2, map));
}

export function parseChain(reply: NetlinkReply): ChainInfo {
  const attrs = attributes(reply.payload.subarray(4));
  const hook = attrs.get(4);
  const hookNumber = hook ? attributes(hook).get(1)?.readUInt32BE(0) : undefined;
  return {
    family: reply.payload.readUInt8(0),
    table: readText(attrs.get(1) ?? Buffer.alloc(0)),
    chain: readText(attrs.get(3) ?? Buffer.alloc(0)),
    ...(hookNumber === undefined ? {} : { hook: hookNumber }),
    policyDrop: hookNumber !== undefined && attrs.get(5)?.readUInt32BE(0) === 0,
  };
}

/** Handle, chain and comment of a rule in a dump. Older kernels ignore the chain asked for, so it is given too. */
export function parseRule(reply: NetlinkReply): { chain: string; handle: Buffer; comment: string | undefined } {
  const attrs = attributes(reply.payload.subarray(4));
  const data = attrs.get(7);
  const commented = data && data.length > 2 && data[0] === 0;
  return {
    chain: readText(attrs.get(2) ?? Buffer.alloc(0)),
    handle: attrs.get(3) ?? Buffer.alloc(8),
    comment: commented ? readText(data.subarray(2, 2 + data[1]!)) : undefined,
  };
}

/** Keys of the elements in one message of a dump. */
export function parseElementKeys(reply: NetlinkReply): Buffer[] {
  const list = attributes(reply.payload.subarray(4)).get(3);
  return attributeList(list ?? Buffer.alloc(0)).flatMap(([, element]) => {
    const key = attributes(element).get(1);
    return key ? [attributes(key).get(1) ?? Buffer.alloc(0)] : [];
  });
}
