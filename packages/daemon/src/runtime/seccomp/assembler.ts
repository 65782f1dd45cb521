/**
 * Assembles a classic BPF program back to front. Jumps only go forward, so writing from the end means that every target
 * is known when its jump is written, and equal tails can be shared. A label counts instructions from the end.
 */

/** struct sock_filter. */
export interface BpfInstruction {
  code: number;
  jt: number;
  jf: number;
  /** u32 */
  k: number;
}

export type Label = number;

export const BPF_LD_W_ABS = 0x20;
export const BPF_ALU_AND_K = 0x54;
export const BPF_JA = 0x05;
export const BPF_JEQ_K = 0x15;
export const BPF_JGT_K = 0x25;
export const BPF_JGE_K = 0x35;
export const BPF_RET_K = 0x06;

const MAX_BRANCH = 255;
/** BPF_MAXINSNS of the kernel. */
export const MAX_INSTRUCTIONS = 4096;

export class ReverseAssembler {
  readonly #reversed: BpfInstruction[] = [];
  readonly #returns = new Map<number, Label>();

  /** An instruction that falls through to `next`; a jump is put between when `next` is not the following one. */
  before(code: number, k: number, next: Label): Label {
    if (next !== this.#reversed.length - 1) this.#jump(next);
    return this.#push({ code, jt: 0, jf: 0, k });
  }

  /** `RET action`, shared while a branch can still reach it. */
  return(action: number): Label {
    const known = this.#returns.get(action);
    if (known !== undefined && this.#reversed.length - known <= MAX_BRANCH - 2) return known;
    const label = this.#push({ code: BPF_RET_K, jt: 0, jf: 0, k: action });
    this.#returns.set(action, label);
    return label;
  }

  /** A conditional jump; targets out of reach of its 8 bits get a jump of their own. */
  branch(code: number, k: number, whenTrue: Label, whenFalse: Label): Label {
    if (whenTrue === whenFalse) return whenTrue;
    let t = whenTrue;
    let f = whenFalse;
    while (this.#distance(t) > MAX_BRANCH || this.#distance(f) > MAX_BRANCH) {
      if (this.#distance(f) > MAX_BRANCH) f = this.#jump(f);
      else t = this.#jump(t);
    }
    return this.#push({ code, jt: this.#distance(t), jf: this.#distance(f), k });
  }

  /** The program from its entry on. @throws RangeError when the kernel would refuse its length */
  program(entry: Label): Buffer {
    if (entry !== this.#reversed.length - 1) this.#jump(entry);
    if (this.#reversed.length > MAX_INSTRUCTIONS) {
      throw new RangeError(`seccomp program of ${this.#reversed.length} instructions exceeds ${MAX_INSTRUCTIONS}`);
    }
    return encodeInstructions(this.#reversed.toReversed());
  }

  #distance(target: Label): number {
    return this.#reversed.length - target - 1;
  }

  #jump(target: Label): Label {
    return this.#push({ code: BPF_JA, jt: 0, jf: 0, k: this.#distance(target) });
  }

  #push(instruction: BpfInstruction): Label {
    this.#reversed.push(instruction);
    return this.#reversed.length - 1;
  }
}

/** struct sock_filter[] of a little-endian host. */
export function encodeInstructions(instructions: BpfInstruction[]): Buffer {
  const out = Buffer.alloc(instructions.length * 8);
  instructions.forEach((instruction, i) => {
    out.writeUInt16LE(instruction.code, i * 8);
    out.writeUInt8(instruction.jt, i * 8 + 2);
    out.writeUInt8(instruction.jf, i * 8 + 3);
    out.writeUInt32LE(instruction.k >>> 0, i * 8 + 4);
  });
  return out;
}
