/**
 * Runs `tsd-shim layer` on a tree of files: unpacking, packing, comparing, looking up. The helper puts the tree together
 * in a mount namespace of its own, makes it its root and gives up every right it does not need before it touches a
 * hostile byte or name. Data goes through its standard streams, its one-line answer through a channel of its own.
 */
import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { DockerError } from '@tsdocker/shared/errors.ts';
import { native, nativeDirectory } from '../runtime/native/bindings.ts';

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
  task: 'unpack' | 'pack' | 'changes' | 'look' | 'list',
  view: TreeView,
  args: readonly string[] = [],
): TreeTask {
  const helper = startHelper(['layer', task, ...viewArguments(view), ...args]);
  const { input, output, answer } = helper;
  let said = '';
  answer.setEncoding('latin1').on('data', (text: string) => {
    if (said.length < MAX_ANSWER) said += text;
  });
  // EPIPE and the like: why the helper left is in its answer.
  for (const stream of [input, output, answer]) stream.on('error', () => {});
  // Not the end of its output: that may be read after the answer.
  const answered = new Promise((resolve) => answer.once('close', resolve));
  let running = true;
  const ended = helper.exited.then(async (exit) => {
    running = false;
    input.destroy();
    await answered;
    return exit;
  });
  return {
    input,
    output,
    outcome: async () => {
      const { exitCode, signal } = await ended;
      const ok = /^ok(?: (.*))?\n$/.exec(said);
      if (ok && exitCode === 0) return ok[1] ?? '';
      const reason = /^error (.*)\n/.exec(said)?.[1];
      const how = signal ? `signal ${signal}` : `status ${exitCode}`;
      throw new DockerError('System', reason ?? `${task} helper ended with ${how}`);
    },
    kill: async () => {
      if (running) process.kill(helper.pid, 'SIGKILL');
      input.destroy();
      output.destroy();
      await ended;
    },
  };
}

/** One copy of the executable for all helpers of this process. */
let executable: number | undefined;

/** Its standard input and output are streams, its descriptor 3 is where it answers. */
function startHelper(args: string[]) {
  executable ??= native.openExecutable(join(nativeDirectory(), 'tsd-shim'));
  const pairs = [native.streamPair(), native.streamPair(), native.streamPair()] as const;
  const [input, output, answer] = pairs.map(([ours]) => ours) as [number, number, number];
  const [stdin, stdout, channel] = pairs.map(([, theirs]) => theirs) as [number, number, number];
  try {
    const { pid, exited } = native.spawnHelper({ executable, args, stdio: [stdin, stdout], fds: [channel] });
    return {
      pid,
      exited,
      input: new Socket({ fd: input, readable: false, writable: true }),
      output: new Socket({ fd: output, readable: true, writable: false }),
      answer: new Socket({ fd: answer, readable: true, writable: false }),
    };
  } catch (err) {
    for (const fd of [input, output, answer]) closeSync(fd);
    throw new DockerError('System', `start helper: ${(err as Error).message}`, { cause: err });
  } finally {
    for (const fd of [stdin, stdout, channel]) closeSync(fd);
  }
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
