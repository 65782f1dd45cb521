/** Starts a daemon program in a directory of its own and waits until it listens. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

export interface ProgramDaemon {
  child: ChildProcess;
  directory: string;
  socket: string;
  /** All it has written to stderr. */
  log(): string;
  /** Signals it and waits for its end. @returns exit code, or the signal's name */
  end(signal: NodeJS.Signals): Promise<number | string | null>;
}

const PROGRAM = fileURLToPath(new URL('./fake-daemon.ts', import.meta.url));

/** @param directory that of an earlier one, to start in its place; default: a new one, removed after the test */
export async function programDaemon(t: TestContext, argv: string[] = [], directory?: string): Promise<ProgramDaemon> {
  const own = directory ?? (await mkdtemp(join(tmpdir(), 'tsd-program-')));
  const socket = join(own, 's.sock');
  const paths = ['--data-root', join(own, 'data'), '--exec-root', join(own, 'exec'), '--pidfile', join(own, 'pid')];
  const child = spawn(process.execPath, ['--no-warnings', PROGRAM, ...paths, '-H', `unix://${socket}`, ...argv], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exited = once(child, 'exit');
  t.after(async () => {
    child.kill('SIGKILL');
    await exited;
    if (directory === undefined) await rm(own, { recursive: true, force: true });
  });
  let text = '';
  await new Promise<void>((resolve, reject) => {
    child.stderr!.on('data', (chunk: Buffer) => {
      text += chunk;
      if (text.includes('completed initialization')) resolve();
    });
    void exited.then(() => reject(new Error(text.trim())));
  });
  return {
    child,
    directory: own,
    socket,
    log: () => text,
    end: async (signal) => {
      child.kill(signal);
      const [code, by] = await exited;
      return code ?? by;
    },
  };
}
