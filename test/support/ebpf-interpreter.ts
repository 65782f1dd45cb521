/** Runs the few eBPF instructions a device program uses. */
export function runDeviceProgram(
  program: Buffer,
  context: { type: number; access: number; major: number; minor: number },
): number {
  const memory = [(context.access << 16) | context.type, context.major, context.minor];
  const registers = new Array<number>(11).fill(0);
  for (let pc = 0; pc * 8 < program.length; pc++) {
    const code = program[pc * 8]!;
    const dst = program[pc * 8 + 1]! & 15;
    const src = program[pc * 8 + 1]! >> 4;
    const off = program.readInt16LE(pc * 8 + 2);
    const imm = program.readInt32LE(pc * 8 + 4);
    if (code === 0x61) registers[dst] = memory[off / 4]!;
    else if (code === 0xbf) registers[dst] = registers[src]!;
    else if (code === 0xb7) registers[dst] = imm;
    else if (code === 0x57) registers[dst] = registers[dst]! & imm;
    else if (code === 0x77) registers[dst] = registers[dst]! >>> imm;
    else if (code === 0x55) pc += registers[dst] !== imm ? off : 0;
    else if (code === 0x5d) pc += registers[dst] !== registers[src] ? off : 0;
    else if (code === 0x95) return registers[0]!;
    else throw new Error(`unknown instruction 0x${code.toString(16)}`);
  }
  throw new Error('the program ran past its end');
}
