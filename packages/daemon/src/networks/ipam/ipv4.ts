/** IPv4 addresses and prefixes as numbers. Pure. */

/** A network prefix; `address` has no host bits. */
export interface Cidr {
  address: number;
  prefix: number;
}

/** The address as an unsigned number; undefined when it is not dotted decimal. */
export function parseAddress(value: string): number | undefined {
  const parts = value.split('.');
  if (parts.length !== 4) return undefined;
  let address = 0;
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    address = address * 256 + Number(part);
  }
  return address;
}

export function formatAddress(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join('.');
}

/** The address as the four bytes of the wire. */
export function addressBytes(address: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeUInt32BE(address, 0);
  return out;
}

function mask(prefix: number): number {
  return prefix === 0 ? 0 : (0xffffffff << (32 - prefix)) >>> 0;
}

/** `address/prefix` split, the host bits kept apart: {network, address as given}. Undefined when malformed. */
export function parseCidr(value: string): (Cidr & { host: number }) | undefined {
  const match = /^([\d.]+)\/(\d{1,2})$/.exec(value);
  const host = match ? parseAddress(match[1]!) : undefined;
  const prefix = Number(match?.[2]);
  if (host === undefined || prefix > 32) return undefined;
  return { address: (host & mask(prefix)) >>> 0, prefix, host };
}

export function formatCidr(cidr: Cidr): string {
  return `${formatAddress(cidr.address)}/${cidr.prefix}`;
}

export function contains(cidr: Cidr, address: number): boolean {
  return (address & mask(cidr.prefix)) >>> 0 === cidr.address;
}

export function overlaps(a: Cidr, b: Cidr): boolean {
  return a.prefix <= b.prefix ? contains(a, b.address) : contains(b, a.address);
}

export function sizeOf(cidr: Cidr): number {
  return 2 ** (32 - cidr.prefix);
}

/** The all-ones host address. */
export function broadcastOf(cidr: Cidr): number {
  return cidr.address + sizeOf(cidr) - 1;
}
