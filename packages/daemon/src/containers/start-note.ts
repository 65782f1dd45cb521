/**
 * What a start leaves with the shim, for a daemon that takes the container over although its predecessor died before the
 * record of the start was written: without it the address of a running container would be given to another one.
 */
import type { Container } from './container.ts';
import type { NetworkRecord } from './record.types.ts';
import { formatNanos } from './time.ts';

interface StartNote {
  network: NetworkRecord;
}

export function startNote(c: Container): string {
  return JSON.stringify({ network: c.record.network } satisfies StartNote);
}

/** Brings a record up to the run that `startedAt` (Unix nanoseconds) names; nothing to do when it is of that run already. */
export function applyStartNote(c: Container, startedAt: bigint, note: string | undefined): void {
  const { state } = c.record;
  if (note === undefined || state.startedAt === formatNanos(startedAt)) return;
  c.record.network = (JSON.parse(note) as StartNote).network;
  c.record.manuallyStopped = false;
}
