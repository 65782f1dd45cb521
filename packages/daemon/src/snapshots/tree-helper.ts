/**
 * Runs `tsd-shim layer` on a tree of files: unpacking, packing, comparing, looking up. The helper puts the tree together
 * in a mount namespace of its own, makes it its root and gives up every right it does not need before it touches a
 * hostile byte or name. Data goes through its standard streams, its one-line answer through a channel of its own.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { DockerError } from '@tsdocker/shared/errors.ts';
import { nativeDirectory } from '../runtime/native/bindings.ts';

/** A tree as the helper sees it. */
export interface TreeView {
  /** A directory as it is. */
  root?: string;
  /** Or the root file system of a process, and of what is mounted over it only these. */
  pid?: number;
  keep?: readonly string[];
  /** Or an overlay of these. */
  /** Top first. */
  lowers?: readonly string[];
  upper?: string;
  work?: string;
  /** Bound over it; a target that is not there is passed over. */
  binds?: readonly { source: string; target: string }[];
  /** What the tree is compared with, top first. */
  base?: readonly string[];
}

/** A hostile tree cannot make the answer long. */
const MAX_ANSWER = 4096;

export interface TreeTask {
  readonly input: Writable;
  readonly output: Readable;
  /**
   * What stands behind `ok`, once the helper has ended.
   * @throws System with the helper's message
   */
  outcome(): Promise<string>;
  /** Ends it without waiting for an answer; resolves when it is gone. */
  kill(): Promise<void>;
}

/** @param args `key=value` of the task, besides those of the view */
export function startTreeTask(
  task: 'unpack' | 'pack' | 'changes' | 'look',
  view: TreeView,
  args: readonly string[] = [],
): TreeTask {
  const words = ['layer', task, ...viewArguments(view), ...args];
  const child = spawn(join(nativeDirectory(), 'tsd-shim'), words, { stdio: ['pipe', 'pipe', 'ignore', 'pipe'] });
  const input = child.stdin as Writable;
  const channel = child.stdio[3] as Readable;
  let answer = '';
  let spawnError: Error | undefined;
  channel.setEncoding('latin1').on('data', (text: string) => {
    if (answer.length < MAX_ANSWER) answer += text;
  });
  // EPIPE and the like: why the helper left is in its answer.
  for (const stream of [input, channel, child.stdout as Readable]) stream.on('error', () => {});
  child.on('error', (err) => {
    spawnError = err;
  });
  const ended = closed(child);
  return {
    input,
    output: child.stdout as Readable,
    outcome: async () => {
      const { code, signal } = await ended;
      if (spawnError) throw new DockerError('System', `start helper: ${spawnError.message}`, { cause: spawnError });
      const ok = /^ok(?: (.*))?\n$/.exec(answer);
      if (ok && code === 0) return ok[1] ?? '';
      const said = /^error (.*)\n/.exec(answer)?.[1];
      throw new DockerError('System', said ?? `${task} helper ended with ${signal ?? `status ${code}`}`);
    },
    kill: async () => {
      child.kill('SIGKILL');
      input.destroy();
      child.stdout?.destroy();
      await ended;
    },
  };
}

function closed(child: ChildProcess): Promise<{ code: number | null; signal: string | null }> {
  return new Promise((resolve) => {
    let channelClosed = false;
    let exit: { code: number | null; signal: string | null } | undefined;
    const settle = () => {
      if (exit && channelClosed) resolve(exit);
    };
    child.once('exit', (code, signal) => {
      exit = { code, signal };
      settle();
    });
    child.once('error', () => {
      exit ??= { code: null, signal: null };
      channelClosed = true;
      settle();
    });
    // Not `close`: that waits for the data, which may be read after the answer.
    child.stdio[3]?.once('close', () => {
      channelClosed = true;
      settle();
    });
  });
}

function viewArguments(view: TreeView): string[] {
  return [
    ...(view.root === undefined ? [] : [`root=${view.root}`]),
    ...(view.pid === undefined ? [] : [`pid=${view.pid}`]),
    ...(view.keep ?? []).map((path) => `keep=${path}`),
    ...(view.lowers ?? []).map((path) => `lower=${path}`),
    ...(view.upper === undefined ? [] : [`upper=${view.upper}`]),
    ...(view.work === undefined ? [] : [`work=${view.work}`]),
    ...(view.binds ?? []).flatMap(({ source, target }) => [`bind=${source}`, `at=${target}`]),
    ...(view.base ?? []).map((path) => `base=${path}`),
  ];
}
