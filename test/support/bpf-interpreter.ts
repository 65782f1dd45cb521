/** Runs a classic BPF seccomp program on one struct seccomp_data, as the kernel's checker would. */
export interface SeccompData {
  nr: number;
  arch: number;
  args: bigint[];
}

/** @returns the SECCOMP_RET_* value; throws when the program leaves its bounds or uses an unknown instruction */
export function runSeccomp(program: Buffer, data: SeccompData): number {
  const memory = Buffer.alloc(64);
  memory.writeUInt32LE(data.nr >>> 0, 0);
  memory.writeUInt32LE(data.arch >>> 0, 4);
  for (const [i, arg] of data.args.entries()) memory.writeBigUInt64LE(BigInt.asUintN(64, arg), 16 + 8 * i);
  let a = 0;
  for (let pc = 0; ; pc++) {
    const at = pc * 8;
    const code = program.readUInt16LE(at);
    const [jt, jf, k] = [program[at + 2]!, program[at + 3]!, program.readUInt32LE(at + 4)];
    const jump = (taken: boolean) => {
      pc += taken ? jt : jf;
    };
    if (code === 0x20) a = memory.readUInt32LE(k);
    else if (code === 0x54) a = (a & k) >>> 0;
    else if (code === 0x05) pc += k;
    else if (code === 0x15) jump(a === k);
    else if (code === 0x25) jump(a > k);
    else if (code === 0x35) jump(a >= k);
    else if (code === 0x45) jump((a & k) !== 0);
    else if (code === 0x06) return k;
    else throw new Error(`unknown instruction 0x${code.toString(16)} at ${pc}`);
  }
}
