/** The one digest algorithm that everything is named by. The shared digest.ts is pure and cannot make one. */
import { createHash } from 'node:crypto';
import type { Digest } from '@tsdocker/shared/digest.ts';

/** Of bytes that are in memory. */
export const sha256Of = (bytes: Buffer | string): Digest =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
