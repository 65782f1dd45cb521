/** Unpacks an uncompressed tar into a tree, as a layer or as files below a place in it. */
import { once } from 'node:events';
import { DockerError } from '@tsdocker/shared/errors.ts';
import { startTreeTask, type TreeView } from './tree-helper.ts';

export interface Unpacker {
  /** @throws System with the unpacker's message when it has given up */
  write(chunk: Buffer): Promise<void>;
  /** @throws System */
  finish(): Promise<{ hasRoot: boolean; entries: number }>;
  /** Ends it without waiting for an answer; resolves when it is gone. */
  kill(): Promise<void>;
}

/** How files are put into a tree that is no layer. */
export interface IntoOptions {
  /** Directory below the root, without a leading `/`; empty is the root. */
  into: string;
  /** A directory is never replaced by something else, nor the other way round. */
  keepKinds?: boolean;
  /** Owner of everything, in place of the archive's. */
  owner?: { uid: number; gid: number };
}

/** So much may wait for the helper: less, and each side stands still while the other works. */
const MAX_QUEUED_BYTES = 1 << 20;

/** @param into undefined: the archive is a layer, `.wh.` names are whiteouts */
export function startUnpacker(view: TreeView, into?: IntoOptions): Unpacker {
  const task = startTreeTask('unpack', view, into ? intoArguments(into) : []);
  let ended = false;
  const outcome = async () => {
    const said = await task.outcome();
    const [, root, entries] = /^root=([01]) entries=(\d+)$/.exec(said) ?? [];
    return { hasRoot: root === '1', entries: Number(entries) };
  };
  const closed = once(task.input, 'close').then(() => {
    ended = true;
  });
  closed.catch(() => {});
  return {
    write: async (chunk) => {
      if (ended || !task.input.writable) {
        await outcome();
        throw new DockerError('System', 'unpacker ended early');
      }
      task.input.write(chunk);
      if (task.input.writableLength < MAX_QUEUED_BYTES || !task.input.writableNeedDrain) return;
      await Promise.race([once(task.input, 'drain'), closed]);
    },
    finish: async () => {
      task.input.end();
      return await outcome();
    },
    kill: task.kill,
  };
}

/** Unpacks a whole archive; when that fails, the helper is gone before the error is told. @throws System; what `tar` throws */
export async function unpackTree(
  view: TreeView,
  tar: AsyncIterable<Buffer> | Iterable<Buffer>,
  into: IntoOptions,
): Promise<void> {
  const unpacker = startUnpacker(view, into);
  try {
    for await (const chunk of tar) await unpacker.write(chunk);
    await unpacker.finish();
  } catch (err) {
    await unpacker.kill();
    throw err;
  }
}

function intoArguments({ into, keepKinds, owner }: IntoOptions): string[] {
  return [
    `into=${into}`,
    ...(keepKinds ? ['keep-kinds=1'] : []),
    ...(owner ? [`uid=${owner.uid}`, `gid=${owner.gid}`] : []),
  ];
}
