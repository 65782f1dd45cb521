/**
 * The expressions rules are made of, as nft(8) would compile them. Pure. Registers: 1 is sixteen bytes wide and the
 * same storage as 8 to 11, which are four bytes each; concatenations use the small ones in a row.
 */
import { addressBytes, type Cidr } from '../ipam/ipv4.ts';
import { attribute, be32, be64, nested, text } from './message.ts';

const REG_VERDICT = 0;
const REG = 1;
/** First of the four-byte registers; `FIRST_WORD` and REG are the same place. */
const FIRST_WORD = 8;
const META = { iifname: 6, oifname: 7, l4proto: 16 } as const;
const CT = { state: 0, status: 2 } as const;
const CT_ESTABLISHED_RELATED = 0x6;
const CT_STATUS_DNAT = 0x20;
const FIB_ADDRTYPE = 3;
const FIB_DADDR = 2;
const RTN_LOCAL = 2;
const BASE = { network: 1, transport: 2 } as const;
const IPV4_SADDR = 12;
const IPV4_DADDR = 16;
const DESTINATION_PORT = 2;
const NAT_DNAT = 1;
const AF_INET = 2;
const VERDICT = { drop: 0, accept: 1, jump: -3, return: -5 } as const;

const expression = (name: string, ...attrs: Buffer[]): Buffer => Buffer.concat([text(1, name), nested(2, ...attrs)]);
const value = (type: number, data: Buffer): Buffer => nested(type, attribute(1, data));

function host32(number: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeUInt32LE(number, 0);
  return out;
}

const meta = (key: number, register: number): Buffer => expression('meta', be32(1, register), be32(2, key));

function compare(data: Buffer, opts: { not?: boolean } = {}): Buffer {
  return expression('cmp', be32(1, REG), be32(2, opts.not ? 1 : 0), value(3, data));
}

function payload(base: number, offset: number, length: number, register: number): Buffer {
  return expression('payload', be32(1, register), be32(2, base), be32(3, offset), be32(4, length));
}

function mask(bits: Buffer): Buffer {
  const attrs = [be32(1, REG), be32(2, REG), be32(3, bits.length), value(4, bits), value(5, Buffer.alloc(bits.length))];
  return expression('bitwise', ...attrs);
}

function verdict(code: number, chain?: string): Buffer {
  const target = chain === undefined ? [] : [text(2, chain)];
  return expression('immediate', be32(1, REG_VERDICT), nested(2, nested(2, be32(1, code), ...target)));
}

function interfaceName(key: number, name: string, not: boolean): Buffer[] {
  const padded = Buffer.alloc(16);
  padded.write(name);
  return [meta(key, REG), compare(padded, { not })];
}

/** `iifname NAME` */
export const fromInterface = (name: string): Buffer[] => interfaceName(META.iifname, name, false);
/** `oifname NAME`, or `oifname != NAME` */
export const toInterface = (name: string, opts: { not?: boolean } = {}): Buffer[] =>
  interfaceName(META.oifname, name, opts.not ?? false);

function addressIn(offset: number, cidr: Cidr): Buffer[] {
  const bits = Buffer.alloc(4);
  bits.writeUInt32BE(cidr.prefix === 0 ? 0 : (0xffffffff << (32 - cidr.prefix)) >>> 0, 0);
  return [payload(BASE.network, offset, 4, REG), mask(bits), compare(addressBytes(cidr.address))];
}

/** `ip saddr CIDR` */
export const sourceIn = (cidr: Cidr): Buffer[] => addressIn(IPV4_SADDR, cidr);
/** `ip daddr CIDR` */
export const destinationIn = (cidr: Cidr): Buffer[] => addressIn(IPV4_DADDR, cidr);
/** `fib daddr type local` */
export const destinationIsLocal = (): Buffer[] => [
  expression('fib', be32(1, REG), be32(2, FIB_ADDRTYPE), be32(3, FIB_DADDR)),
  compare(host32(RTN_LOCAL)),
];

const anyBit = (key: number, bits: number): Buffer[] => [
  expression('ct', be32(1, REG), be32(2, key)),
  mask(host32(bits)),
  compare(Buffer.alloc(4), { not: true }),
];
/** `ct state established,related` */
export const establishedOrRelated = (): Buffer[] => anyBit(CT.state, CT_ESTABLISHED_RELATED);
/** `ct status dnat` */
export const destinationWasTranslated = (): Buffer[] => anyBit(CT.status, CT_STATUS_DNAT);

export const accept = (): Buffer => verdict(VERDICT.accept);
export const drop = (): Buffer => verdict(VERDICT.drop);
export const leaveChain = (): Buffer => verdict(VERDICT.return);
export const jump = (chain: string): Buffer => verdict(VERDICT.jump, chain);
export const masquerade = (): Buffer => expression('masq');
/** A packet and byte counter, as iptables writes one into each rule. */
export const counter = (): Buffer => expression('counter', be64(1, 0n), be64(2, 0n));

/**
 * `dnat ip to [ip daddr .] meta l4proto . th dport map @MAP`: no element, no change.
 * The map's data is address . port.
 */
export function translateBy(map: { name: string; id: number; withAddress: boolean }): Buffer[] {
  const next = map.withAddress ? FIRST_WORD + 1 : FIRST_WORD;
  return [
    ...(map.withAddress ? [payload(BASE.network, IPV4_DADDR, 4, REG)] : []),
    meta(META.l4proto, next === FIRST_WORD ? REG : next),
    payload(BASE.transport, DESTINATION_PORT, 2, next + 1),
    expression('lookup', text(1, map.name), be32(2, REG), be32(3, REG), be32(4, map.id)),
    expression('nat', be32(1, NAT_DNAT), be32(2, AF_INET), be32(3, REG), be32(5, FIRST_WORD + 1)),
  ];
}
