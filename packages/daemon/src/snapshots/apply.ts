/**
 * Runs the layer unpacker on a directory: an uncompressed tar goes in, one line comes back (`ok root=1 entries=12` or
 * `error ...`). The unpacker confines itself before it reads the first byte.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { DockerError } from '@tsdocker/shared/errors.ts';
import { nativeDirectory } from '../runtime/native/bindings.ts';

export interface Unpacker {
  /** @throws System with the unpacker's message when it has given up */
  write(chunk: Buffer): Promise<void>;
  /** @throws System */
  finish(): Promise<{ hasRoot: boolean; entries: number }>;
  /** Ends it without waiting for an answer; resolves when it is gone. */
  kill(): Promise<void>;
}

/** A hostile layer cannot make the answer long. */
const MAX_ANSWER = 4096;

export function startUnpacker(directory: string): Unpacker {
  const child = spawn(join(nativeDirectory(), 'tsd-shim'), ['layer', directory], { stdio: ['pipe', 'pipe', 'ignore'] });
  let answer = '';
  let spawnError: Error | undefined;
  child.stdout.setEncoding('latin1').on('data', (text: string) => {
    if (answer.length < MAX_ANSWER) answer += text;
  });
  // EPIPE and the like: why the unpacker left is in its answer.
  child.stdin.on('error', () => {});
  child.on('error', (err) => {
    spawnError = err;
  });
  const closed = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }));
  });

  const outcome = async () => {
    const { code, signal } = await closed;
    if (spawnError)
      throw new DockerError('System', `start layer unpacker: ${spawnError.message}`, { cause: spawnError });
    const ok = /^ok root=([01]) entries=(\d+)\n$/.exec(answer);
    if (ok && code === 0) return { hasRoot: ok[1] === '1', entries: Number(ok[2]) };
    const said = /^error (.*)\n/.exec(answer)?.[1];
    throw new DockerError('System', said ?? `layer unpacker ended with ${signal ?? `status ${code}`}`);
  };

  return {
    write: async (chunk) => {
      if (!child.stdin.writable) {
        await outcome();
        throw new DockerError('System', 'layer unpacker ended early');
      }
      if (child.stdin.write(chunk)) return;
      await Promise.race([once(child.stdin, 'drain'), closed]);
    },
    finish: async () => {
      child.stdin.end();
      return await outcome();
    },
    kill: async () => {
      child.kill('SIGKILL');
      child.stdin.destroy();
      await closed;
    },
  };
}
