/** What a profile says about each system call of one architecture: the reference both the compiler and its tests use. */
import { RET_ALLOW, RET_ERRNO, RET_LOG, type ResolvedProfile, type SeccompArgument } from './profile.ts';
import { type SyscallTable, TABLES } from './tables.ts';

/** Tried in order; the last one has no arguments. */
export type Decision = { action: number; args: SeccompArgument[] }[];

/** Decisions of the numbers a profile names, and of all the others. Numbers include the table's base. */
export interface ArchDecisions {
  table: SyscallTable;
  byNumber: Map<number, Decision>;
  /** Highest number below which an unnamed one gets the default; newer ones get `beyond`. */
  lastKnown: number;
  otherwise: number;
  /** ENOSYS, so that a libc newer than the profile falls back instead of failing with EPERM. */
  beyond: number;
}

const ENOSYS = 38;

/** Rules without arguments win over those with; among each kind the first counts. Rules equal to the default are void. */
export function decide(profile: ResolvedProfile, arch: string): ArchDecisions {
  const table = TABLES[arch]!;
  const byNumber = new Map<number, Decision>();
  const settled = new Set<number>();
  let lastKnown = 0;
  for (const rule of profile.rules) {
    for (const name of rule.names) {
      const number = table.numbers[name];
      if (number === undefined) continue;
      const nr = number + table.base;
      lastKnown = Math.max(lastKnown, nr);
      if (rule.action === profile.defaultAction || settled.has(nr)) continue;
      if (rule.args.length === 0) {
        byNumber.set(nr, [{ action: rule.action, args: [] }]);
        settled.add(nr);
      } else {
        byNumber.set(nr, [...(byNumber.get(nr) ?? []), { action: rule.action, args: rule.args }]);
      }
    }
  }
  for (const [nr, decision] of byNumber) {
    if (!settled.has(nr)) decision.push({ action: profile.defaultAction, args: [] });
  }
  const otherwise = profile.defaultAction;
  return { table, byNumber, lastKnown, otherwise, beyond: permissive(otherwise) ? otherwise : ENOSYS_ACTION };
}

const ENOSYS_ACTION = RET_ERRNO | ENOSYS;

/** A default that lets calls through must also let new ones through; so must a tracer. */
function permissive(action: number): boolean {
  return action === RET_ALLOW || action === RET_LOG || action >>> 16 === 0x7ff0;
}
