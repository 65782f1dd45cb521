/**
 * The binary plan a shim executes: header, fixed-size operations in order, a table of zero-terminated strings and blobs
 * that operations name by offset. The same numbers stand in native/shim/plan.h.
 */

export const OP = {
  runtimeDirectory: 1,
  cgroupDirectory: 2,
  cgroupWrite: 3,
  cgroupJoin: 4,
  cgroupDevices: 5,
  cgroupMemory: 6,
  cgroupFreezer: 7,
  log: 8,
  stdio: 9,
  overlay: 10,
  namespaces: 11,
  joinNamespace: 12,
  note: 13,
  oomScore: 20,
  mount: 21,
  bind: 22,
  remountReadOnly: 23,
  makeDirectory: 24,
  symlink: 25,
  device: 26,
  mask: 27,
  readOnlyPath: 28,
  console: 29,
  hostname: 30,
  domainname: 31,
  sysctl: 32,
  loopbackUp: 33,
  resourceLimit: 34,
  umask: 35,
  workingDirectory: 36,
  noNewPrivileges: 37,
  seccomp: 38,
  boundingSet: 39,
  user: 40,
  capabilities: 41,
  securityLabel: 42,
  waitForGo: 44,
  execute: 45,
  sessionKeyring: 46,
  dropFirstTree: 47,
} as const;

export type OpName = keyof typeof OP;

const MAGIC = 0x50445354;
const VERSION = 1;
const HEADER_BYTES = 16;
const OP_BYTES = 32;
const MAX_BYTES = 8 << 20;

/** What an operation is called in a StepError, and what it is about. */
export interface PlanStep {
  step: string;
  path?: string;
}

export interface Plan {
  bytes: Buffer;
  /** One for each operation, to name the one that failed. */
  steps: PlanStep[];
}

/** Table offsets (numbers) or what to put there. A string list is stored one after the other. */
export interface OpFields {
  flags?: number;
  s1?: string | number | Buffer;
  s2?: string | number;
  s3?: string | number;
  n1?: number | bigint;
  n2?: number | bigint;
}

export class PlanWriter {
  #ops: Buffer[] = [];
  #steps: PlanStep[] = [];
  #table: Buffer[] = [Buffer.from([0])];
  #tableBytes = 1;
  #offsets = new Map<string, number>();

  /** @throws Error for a string with a null byte, which the kernel would cut */
  add(op: OpName, fields: OpFields, step: PlanStep): void {
    const record = Buffer.alloc(OP_BYTES);
    record.writeUInt16LE(OP[op], 0);
    record.writeUInt16LE(fields.flags ?? 0, 2);
    record.writeUInt32LE(this.#place(fields.s1), 4);
    record.writeUInt32LE(this.#place(fields.s2), 8);
    record.writeUInt32LE(this.#place(fields.s3), 12);
    record.writeBigUInt64LE(BigInt.asUintN(64, BigInt(fields.n1 ?? 0)), 16);
    record.writeBigUInt64LE(BigInt.asUintN(64, BigInt(fields.n2 ?? 0)), 24);
    this.#ops.push(record);
    this.#steps.push(step);
  }

  /** Offset of the first of `strings`, stored one after the other. */
  list(strings: readonly string[]): number {
    const offset = this.#tableBytes;
    for (const text of strings) this.#append(Buffer.from(`${checked(text)}\0`));
    if (strings.length === 0) return 0;
    return offset;
  }

  finish(): Plan {
    // The table must end in a zero: a blob could be last.
    this.#append(Buffer.from([0]));
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt32LE(MAGIC, 0);
    header.writeUInt16LE(VERSION, 4);
    header.writeUInt32LE(this.#ops.length, 8);
    header.writeUInt32LE(this.#tableBytes, 12);
    const bytes = Buffer.concat([header, ...this.#ops, ...this.#table]);
    if (bytes.length > MAX_BYTES) throw new RangeError(`container configuration of ${bytes.length} bytes is too large`);
    return { bytes, steps: this.#steps };
  }

  #place(value: string | number | Buffer | undefined): number {
    if (value === undefined || value === '') return 0;
    if (typeof value === 'number') return value;
    if (Buffer.isBuffer(value)) {
      // Blobs are read in place as words.
      const padding = -(this.#tableBytes + HEADER_BYTES) & 7;
      this.#append(Buffer.alloc(padding));
      const offset = this.#tableBytes;
      this.#append(value);
      return offset;
    }
    const known = this.#offsets.get(value);
    if (known !== undefined) return known;
    const offset = this.#tableBytes;
    this.#append(Buffer.from(`${checked(value)}\0`));
    this.#offsets.set(value, offset);
    return offset;
  }

  #append(bytes: Buffer): void {
    this.#table.push(bytes);
    this.#tableBytes += bytes.length;
  }
}

function checked(text: string): string {
  if (text.includes('\0')) throw new TypeError(`null byte in ${JSON.stringify(text)}`);
  return text;
}
