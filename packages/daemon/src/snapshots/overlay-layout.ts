/** Names and records of `<data-root>/overlay2`, for the snapshotter and for the check of it. */
import { createHash } from 'node:crypto';
import type { RootfsRecord } from './snapshotter.ts';

export interface StoredRootfs extends RootfsRecord {
  /** Names below overlay2/l, top first. */
  lowers: string[];
  volatile: boolean;
}

/** 26 characters: many lower directories have to fit into one page of mount options on older kernels. */
export function shortName(directory: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bytes = createHash('sha256').update(directory).digest();
  return Array.from({ length: 26 }, (_, i) => alphabet[(bytes[i] as number) & 31]).join('');
}

/** @throws SyntaxError */
export function parseRootfsRecord(text: string): StoredRootfs {
  return JSON.parse(text) as StoredRootfs;
}
