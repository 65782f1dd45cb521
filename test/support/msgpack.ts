/** As much of MessagePack as the forward protocol of fluentd has, for tests. */

export type Unpacked = number | string | Buffer | Unpacked[] | { [name: string]: Unpacked };

/** The values that are whole; what is left of the last one is left out. */
export function unpackAll(bytes: Buffer): Unpacked[] {
  const values: Unpacked[] = [];
  const reader = new Reader(bytes);
  for (;;) {
    try {
      values.push(reader.value());
    } catch (err) {
      if (err instanceof RangeError) return values;
      throw err;
    }
  }
}

class Reader {
  #at = 0;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** @throws RangeError at the end */
  value(): Unpacked {
    const head = this.#number(1);
    if (head < 0x80) return head;
    if (head < 0x90) return this.#map(head & 15);
    if (head < 0xa0) return Array.from({ length: head & 15 }, () => this.value());
    if (head < 0xc0) return this.#take(head & 31).toString('latin1');
    if (head === 0xd9) return this.#take(this.#number(1)).toString('latin1');
    if (head === 0xda) return this.#take(this.#number(2)).toString('latin1');
    if (head === 0xce) return this.#number(4);
    if (head === 0xd7) return this.#take(9);
    if (head === 0xde) return this.#map(this.#number(2));
    throw new Error(`not expected here: 0x${head.toString(16)}`);
  }

  #map(length: number): { [name: string]: Unpacked } {
    return Object.fromEntries(Array.from({ length }, () => [String(this.value()), this.value()]));
  }

  #number(length: number): number {
    return this.#take(length).readUIntBE(0, length);
  }

  #take(length: number): Buffer {
    if (this.#at + length > this.#bytes.length) throw new RangeError('cut');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}
