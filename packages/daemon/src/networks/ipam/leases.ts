/** The addresses of one network. In memory: rebuilt from the running containers when the daemon starts. */
import { broadcastOf, type Cidr, contains, sizeOf } from './ipv4.ts';

export class AddressLeases {
  readonly subnet: Cidr;
  readonly #range: Cidr;
  readonly #taken = new Set<number>();
  /** Where the next search begins: addresses are given in a row, so that a freed one rests as long as possible. */
  #next: number;

  /**
   * @param range part of the subnet that automatic addresses come from; default all of it
   * @param reserved gateway and auxiliary addresses
   */
  constructor(subnet: Cidr, opts: { range?: Cidr; reserved: readonly number[] }) {
    this.subnet = subnet;
    this.#range = opts.range ?? subnet;
    this.#next = this.#range.address;
    for (const address of opts.reserved) this.#taken.add(address);
    if (subnet.prefix < 31) {
      this.#taken.add(subnet.address);
      this.#taken.add(broadcastOf(subnet));
    }
  }

  /** The next free address; undefined when there is none. */
  allocate(): number | undefined {
    const size = sizeOf(this.#range);
    const start = this.#next - this.#range.address;
    for (let i = 0; i < size; i++) {
      const address = this.#range.address + ((start + i) % size);
      if (this.#taken.has(address)) continue;
      this.#taken.add(address);
      this.#next = address + 1;
      return address;
    }
    return undefined;
  }

  /** Takes this address. False when it is taken or not of the subnet. */
  take(address: number): boolean {
    if (!contains(this.subnet, address) || this.#taken.has(address)) return false;
    this.#taken.add(address);
    return true;
  }

  release(address: number): void {
    this.#taken.delete(address);
  }

  has(address: number): boolean {
    return this.#taken.has(address);
  }

  /** Counts for the network's status: network and broadcast address are in use too. */
  usage(): { inUse: number; available: number } {
    let inRange = 0;
    for (const address of this.#taken) if (contains(this.#range, address)) inRange++;
    return { inUse: this.#taken.size, available: sizeOf(this.#range) - inRange };
  }
}
