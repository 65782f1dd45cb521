/**
 * The v2 devices controller: an eBPF program of type CGROUP_DEVICE. It reads {access << 16 | type, major, minor} and
 * returns 1 to allow. @see bpf(2), linux/bpf.h struct bpf_cgroup_dev_ctx
 */
import type { DeviceRule } from '../spec/devices.ts';

const TYPE_BITS = { b: 1, c: 2 } as const;
const ACCESS_BITS: Readonly<Record<string, number>> = { m: 1, r: 2, w: 4 };
const ALL_ACCESS = 7;

const LOAD_WORD = 0x61;
const AND_K = 0x57;
const RSH_K = 0x77;
const MOV_K = 0xb7;
const MOV_X = 0xbf;
const JNE_K = 0x55;
const JNE_X = 0x5d;
const EXIT = 0x95;

const CONTEXT = 1;
const TYPE = 2;
const ACCESS = 3;
const MAJOR = 4;
const MINOR = 5;
const SCRATCH = 1;

interface Instruction {
  code: number;
  dst?: number;
  src?: number;
  off?: number;
  imm?: number;
}

/** @param rules the last match counts @returns struct bpf_insn[] of a little-endian host */
export function deviceProgram(rules: readonly DeviceRule[]): Buffer {
  const out: Instruction[] = [
    { code: LOAD_WORD, dst: TYPE, src: CONTEXT, off: 0 },
    { code: MOV_X, dst: ACCESS, src: TYPE },
    { code: AND_K, dst: TYPE, imm: 0xffff },
    { code: RSH_K, dst: ACCESS, imm: 16 },
    { code: LOAD_WORD, dst: MAJOR, src: CONTEXT, off: 4 },
    { code: LOAD_WORD, dst: MINOR, src: CONTEXT, off: 8 },
  ];
  let settled = false;
  for (const rule of rules.toReversed()) {
    const block = ruleBlock(rule);
    out.push(...block);
    settled = block.length === 2; // no condition: the rules before it can not be reached, and the verifier refuses that
    if (settled) break;
  }
  if (!settled) out.push({ code: MOV_K, dst: 0, imm: 0 }, { code: EXIT });
  return encode(out);
}

/** Conditions that jump past the block when they do not hold, then the verdict. */
function ruleBlock(rule: DeviceRule): Instruction[] {
  const conditions: Instruction[] = [];
  if (rule.type !== 'a') conditions.push({ code: JNE_K, dst: TYPE, imm: TYPE_BITS[rule.type] });
  const access = [...rule.access].reduce((bits, letter) => bits | (ACCESS_BITS[letter] ?? 0), 0);
  if (access !== ALL_ACCESS) {
    conditions.push({ code: MOV_X, dst: SCRATCH, src: ACCESS }, { code: AND_K, dst: SCRATCH, imm: access });
    conditions.push({ code: JNE_X, dst: SCRATCH, src: ACCESS });
  }
  if (rule.major !== undefined) conditions.push({ code: JNE_K, dst: MAJOR, imm: rule.major });
  if (rule.minor !== undefined) conditions.push({ code: JNE_K, dst: MINOR, imm: rule.minor });
  const block: Instruction[] = [...conditions, { code: MOV_K, dst: 0, imm: rule.allow ? 1 : 0 }, { code: EXIT }];
  return block.map((instruction, i) =>
    instruction.code === JNE_K || instruction.code === JNE_X
      ? { ...instruction, off: block.length - i - 1 }
      : instruction,
  );
}

function encode(instructions: Instruction[]): Buffer {
  const out = Buffer.alloc(instructions.length * 8);
  for (const [i, { code, dst = 0, src = 0, off = 0, imm = 0 }] of instructions.entries()) {
    out.writeUInt8(code, i * 8);
    out.writeUInt8((src << 4) | dst, i * 8 + 1);
    out.writeInt16LE(off, i * 8 + 2);
    out.writeInt32LE(imm, i * 8 + 4);
  }
  return out;
}
