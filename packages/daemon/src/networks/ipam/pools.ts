/** Where subnets come from when the user names none. Pure. */
import { type Cidr, contains, overlaps, sizeOf } from './ipv4.ts';

/** A pool and the prefix length it is cut into. */
export interface Pool {
  base: Cidr;
  prefix: number;
}

const pool = (a: number, b: number, basePrefix: number, prefix: number): Pool => ({
  base: { address: a * 2 ** 24 + b * 2 ** 16, prefix: basePrefix },
  prefix,
});

/** Docker's predefined pools, in its order. */
export const DEFAULT_POOLS: readonly Pool[] = [
  pool(172, 17, 16, 16),
  pool(172, 18, 16, 16),
  pool(172, 19, 16, 16),
  pool(172, 20, 14, 16),
  pool(172, 24, 14, 16),
  pool(172, 28, 14, 16),
  pool(192, 168, 16, 20),
];

/** The first subnet of the pools that overlaps nothing in use; undefined when all do. */
export function chooseSubnet(used: readonly Cidr[], pools: readonly Pool[] = DEFAULT_POOLS): Cidr | undefined {
  for (const { base, prefix } of pools) {
    const step = sizeOf({ address: 0, prefix });
    for (let address = base.address; contains(base, address); address += step) {
      const candidate = { address, prefix };
      if (!used.some((other) => overlaps(candidate, other))) return candidate;
    }
  }
  return undefined;
}
