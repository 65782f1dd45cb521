/** One client's streams joined to one process' streams, both ways, with back-pressure; for attach and exec. */
import type { ProcessStreams } from '../runtime/runtime.ts';
import { deliver } from './deliver.ts';
import { DetachScanner } from './detach-keys.ts';
import type { Overlap } from './replay.ts';
import type { ClientStreams } from './service.types.ts';

export interface SessionOptions {
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
  /** Undefined: nothing detaches (no terminal). */
  detachKeys?: Buffer;
  /** The client's half close reaches the process. */
  closeStdin: boolean;
  /** Takes out what the client has from the log already. */
  overlap?: Overlap;
}

/** Why a session ended: the process' output, the detach keys, or the client going away. */
export type SessionEnd = 'output' | 'detach' | 'client';

/** Never rejects for what a client does. The process is left as it is. */
export async function runSession(p: ProcessStreams, client: ClientStreams, o: SessionOptions): Promise<SessionEnd> {
  const gone = clientGone(client);
  const ends: Promise<SessionEnd>[] = [pumpOutput(p, client, o), gone.promise];
  if (o.stdin && client.stdin) ends.push(pumpInput(p, client, o));
  try {
    const end = await Promise.race(ends);
    // Nobody else will end the input of a client that has left.
    if (end === 'client' && o.stdin && o.closeStdin) await p.closeStdin();
    return end;
  } finally {
    gone.stop();
    p.close();
  }
}

async function pumpOutput(p: ProcessStreams, client: ClientStreams, o: SessionOptions): Promise<SessionEnd> {
  for await (const { stream, data } of p.output) {
    const target = stream === 2 ? client.stderr : client.stdout;
    if (stream === 2 ? !o.stderr : !o.stdout) continue;
    if (!(await deliver(target, o.overlap?.filter(stream, data) ?? data))) return 'client';
  }
  return 'output';
}

/** Resolves with a real end only: the end of stdin is a half close, and the output goes on. */
async function pumpInput(p: ProcessStreams, client: ClientStreams, o: SessionOptions): Promise<SessionEnd> {
  const scanner = o.detachKeys && new DetachScanner(o.detachKeys);
  try {
    for await (const chunk of client.stdin!) {
      const { forward, detached } = scanner ? scanner.push(chunk) : { forward: chunk as Buffer, detached: false };
      if (forward.length > 0) await p.write(forward);
      if (detached) return 'detach';
    }
    const rest = scanner?.rest();
    if (rest?.length) await p.write(rest);
    if (o.closeStdin) await p.closeStdin();
  } catch {
    // The process or the client ended in between; the other sides of the race say which.
  }
  if (!o.stdout && !o.stderr) return 'client';
  return new Promise(() => {});
}

/** A socket that breaks shows as an error or a close of the output side. */
function clientGone(client: ClientStreams): { promise: Promise<SessionEnd>; stop(): void } {
  let stop = () => {};
  const promise = new Promise<SessionEnd>((resolve) => {
    const onGone = () => resolve('client');
    const outputs = new Set([client.stdout, client.stderr]);
    for (const o of outputs) o.on('close', onGone).on('error', onGone);
    stop = () => {
      for (const o of outputs) o.off('close', onGone);
    };
    if ([...outputs].some((o) => o.destroyed)) resolve('client');
  });
  return { promise, stop: () => stop() };
}
