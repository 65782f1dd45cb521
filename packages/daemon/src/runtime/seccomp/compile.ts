/**
 * Compiles a resolved profile to the program the kernel runs at each system call: the architecture first, then a binary
 * search over intervals of numbers with one action, argument rules below their leaf. The kernel runs the filter once
 * for each number at install time to fill its cache, so the depth counts, not only the common calls.
 * @see seccomp(2), Documentation/userspace-api/seccomp_filter.rst
 */
import {
  BPF_ALU_AND_K,
  BPF_JEQ_K,
  BPF_JGE_K,
  BPF_JGT_K,
  BPF_LD_W_ABS,
  type Label,
  ReverseAssembler,
} from './assembler.ts';
import { type ArchDecisions, type Decision, decide } from './decide.ts';
import { RET_KILL_THREAD, type ResolvedProfile, type SeccompArgument } from './profile.ts';
import { X32_BIT } from './tables.ts';

const OFFSET_NR = 0;
const OFFSET_ARCH = 4;
const offsetOfLow = (index: number) => 16 + 8 * index;
const offsetOfHigh = (index: number) => offsetOfLow(index) + 4;

/** From `start` on, up to the next interval's start. */
interface Interval {
  start: number;
  decision: Decision;
  narrow: boolean;
}

/** @returns struct sock_filter[] in host order. An architecture the profile does not list kills the thread, as libseccomp does. */
export function compileProfile(profile: ResolvedProfile): Buffer {
  const asm = new ReverseAssembler();
  const byAuditArch = new Map<number, ArchDecisions[]>();
  for (const arch of profile.arches) {
    const decisions = decide(profile, arch);
    const list = byAuditArch.get(decisions.table.auditArch) ?? [];
    byAuditArch.set(decisions.table.auditArch, [...list, decisions]);
  }
  // Written back to front, so the native architecture, listed first, comes first in the program.
  let next = asm.return(RET_KILL_THREAD);
  for (const [auditArch, decisions] of [...byAuditArch].reverse()) {
    const search = asm.before(BPF_LD_W_ABS, OFFSET_NR, searchTree(asm, intervalsOf(decisions)));
    next = asm.branch(BPF_JEQ_K, auditArch, search, next);
  }
  return asm.program(asm.before(BPF_LD_W_ABS, OFFSET_ARCH, next));
}

/** x86_64 and x32 share an architecture value: their numbers are one space, cut at the x32 bit. */
function intervalsOf(tables: ArchDecisions[]): Interval[] {
  const plain = tables.find((t) => t.table.base === 0);
  const x32 = tables.find((t) => t.table.base === X32_BIT);
  const intervals: Interval[] = [];
  if (plain) append(intervals, plain, 0);
  else intervals.push(constant(0, RET_KILL_THREAD));
  if (x32) append(intervals, x32, X32_BIT);
  else if (plain?.table.auditArch === 0xc000_003e) intervals.push(constant(X32_BIT, RET_KILL_THREAD));
  return merge(intervals);
}

function append(intervals: Interval[], decisions: ArchDecisions, start: number): void {
  const { narrow } = decisions.table;
  let cursor = start;
  for (const [nr, decision] of [...decisions.byNumber].sort(([a], [b]) => a - b)) {
    if (nr > cursor) intervals.push(constant(cursor, decisions.otherwise));
    intervals.push({ start: nr, decision, narrow });
    cursor = nr + 1;
  }
  if (cursor <= decisions.lastKnown) intervals.push(constant(cursor, decisions.otherwise));
  intervals.push(constant(Math.max(cursor, decisions.lastKnown + 1), decisions.beyond));
}

function constant(start: number, action: number): Interval {
  return { start, decision: [{ action, args: [] }], narrow: false };
}

function merge(intervals: Interval[]): Interval[] {
  const merged: Interval[] = [];
  for (const interval of intervals) {
    const last = merged.at(-1);
    if (last && sameConstant(last.decision, interval.decision)) continue;
    merged.push(interval);
  }
  return merged;
}

function sameConstant(a: Decision, b: Decision): boolean {
  return a.length === 1 && b.length === 1 && a[0]!.action === b[0]!.action;
}

function searchTree(asm: ReverseAssembler, intervals: Interval[]): Label {
  if (intervals.length === 1) return leaf(asm, intervals[0]!);
  const middle = intervals.length >> 1;
  const upper = searchTree(asm, intervals.slice(middle));
  const lower = searchTree(asm, intervals.slice(0, middle));
  return asm.branch(BPF_JGE_K, intervals[middle]!.start, upper, lower);
}

function leaf(asm: ReverseAssembler, interval: Interval): Label {
  const rules = interval.decision;
  let next = asm.return(rules.at(-1)!.action);
  for (const rule of rules.slice(0, -1).reverse()) {
    const no = next;
    let yes = asm.return(rule.action);
    for (const arg of rule.args.toReversed()) yes = compare(asm, arg, interval.narrow, yes, no);
    next = yes;
  }
  return next;
}

/** A 64-bit comparison from 32-bit ones; on a 32-bit architecture only the low halves mean anything. */
function compare(asm: ReverseAssembler, arg: SeccompArgument, narrow: boolean, yes: Label, no: Label): Label {
  const low = Number(arg.value & 0xffff_ffffn);
  const high = Number(arg.value >> 32n);
  const load = (offset: number, then: Label) => asm.before(BPF_LD_W_ABS, offset, then);
  const lowIs = (code: number, t: Label, f: Label) => load(offsetOfLow(arg.index), asm.branch(code, low, t, f));
  const ordered = (code: number, t: Label, f: Label): Label => {
    const lower = lowIs(code, t, f);
    if (narrow) return lower;
    const equal = asm.branch(BPF_JEQ_K, high, lower, f);
    return load(offsetOfHigh(arg.index), asm.branch(BPF_JGT_K, high, t, equal));
  };
  const equal = (t: Label, f: Label): Label => {
    const lower = lowIs(BPF_JEQ_K, t, f);
    return narrow ? lower : load(offsetOfHigh(arg.index), asm.branch(BPF_JEQ_K, high, lower, f));
  };
  switch (arg.op) {
    case 'EQ':
      return equal(yes, no);
    case 'NE':
      return equal(no, yes);
    case 'GT':
      return ordered(BPF_JGT_K, yes, no);
    case 'LE':
      return ordered(BPF_JGT_K, no, yes);
    case 'GE':
      return ordered(BPF_JGE_K, yes, no);
    case 'LT':
      return ordered(BPF_JGE_K, no, yes);
    case 'MASKED_EQ':
      return maskedEqual(asm, arg, narrow, yes, no);
  }
}

function maskedEqual(asm: ReverseAssembler, arg: SeccompArgument, narrow: boolean, yes: Label, no: Label): Label {
  const half = (offset: number, shift: bigint, t: Label): Label => {
    const mask = Number((arg.value >> shift) & 0xffff_ffffn);
    const want = Number((arg.valueTwo >> shift) & 0xffff_ffffn);
    const test = asm.branch(BPF_JEQ_K, want, t, no);
    return asm.before(BPF_LD_W_ABS, offset, asm.before(BPF_ALU_AND_K, mask, test));
  };
  const low = half(offsetOfLow(arg.index), 0n, yes);
  return narrow ? low : half(offsetOfHigh(arg.index), 32n, low);
}
