/** A container whose shim died: finds what it left, ends it, and reads how a container ended. */
import { closeSync } from 'node:fs';
import { readdir, readFile, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { FdBinding, ProcessBinding } from '../native/addon-types.ts';
import type { ExitStatus } from '../runtime.ts';

const SIGKILL = 9;

export interface ShimState {
  bootId: string;
  shim?: { pid: number; startTime: string };
  init?: { pid: number; startTime: string };
  /** Own cgroup directories, parents first. */
  cgroups: string[];
  freezer?: string;
}

/** The `state` file: one `key value...` a line. undefined when there is none. */
export async function readState(runtimeDirectory: string): Promise<ShimState | undefined> {
  const text = await readOptional(join(runtimeDirectory, 'state'));
  if (text === undefined) return undefined;
  const state: ShimState = { bootId: '', cgroups: [] };
  for (const line of text.split('\n')) {
    const [, key, value = ''] = /^(\S+) (.*)$/.exec(line) ?? [];
    const [pid = '', startTime = ''] = value.split(' ');
    if (key === 'boot') state.bootId = value;
    if (key === 'shim' || key === 'init') state[key] = { pid: Number(pid), startTime };
    if (key === 'cgroup') state.cgroups.push(value);
    if (key === 'freezer') state.freezer = value;
  }
  return state;
}

/** The `exit` file, written before anybody is told. undefined when the container has not ended in order. */
export async function readExit(runtimeDirectory: string): Promise<ExitStatus | undefined> {
  const text = await readOptional(join(runtimeDirectory, 'exit'));
  if (text === undefined) return undefined;
  const field = (name: string) => new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1] ?? '0';
  return { exitCode: Number(field('code')), oomKilled: field('oom') === '1', finishedAt: BigInt(field('time')) };
}

/**
 * Ends the container's process if it is really that one, and whatever else lives in its cgroups; removes them.
 * @returns the container's cgroup directories that are left, if some could not be removed
 */
export async function cleanUpLost(runtimeDirectory: string, native: ProcessBinding & FdBinding): Promise<string[]> {
  const state = await readState(runtimeDirectory);
  if (!state) return [];
  const bootId = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  // Another boot: other processes, and cgroups are gone.
  if (state.bootId !== bootId) return [];
  if (state.shim) await killProcess(state.shim, native);
  if (state.init) await killProcess(state.init, native);
  const left: string[] = [];
  for (const directory of state.cgroups.toReversed()) {
    if (!(await removeCgroup(directory))) left.push(directory);
  }
  return left;
}

/** Kills the process and waits for its end; does nothing when the pid is another's by now. */
async function killProcess(
  process: { pid: number; startTime: string },
  native: ProcessBinding & FdBinding,
): Promise<void> {
  let pidfd: number;
  try {
    pidfd = native.pidfdOpen(process.pid);
  } catch {
    return; // no such process
  }
  try {
    // Checked behind the descriptor: from here on the pid cannot become another's unnoticed.
    if ((await startTime(process.pid)) !== process.startTime) return;
    native.pidfdSignal(pidfd, SIGKILL);
    await native.readable(pidfd);
  } catch (err) {
    if ((err as { code?: unknown }).code !== 'ESRCH') throw err;
  } finally {
    closeSync(pidfd);
  }
}

async function startTime(pid: number): Promise<string | undefined> {
  const text = await readOptional(`/proc/${pid}/stat`);
  // Field 22; the second one may hold anything up to the last parenthesis.
  return text?.slice(text.lastIndexOf(')') + 2).split(' ')[19];
}

const ATTEMPTS = 200;
const PAUSE_MILLIS = 10;

async function removeCgroup(directory: string): Promise<boolean> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    try {
      await rmdir(directory);
      return true;
    } catch (err) {
      if ((err as NodeJS.ErrnoException).code === 'ENOENT') return true;
    }
    await emptyCgroup(directory);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MILLIS));
  }
  return false;
}

/** Kills what is in it (thawed, or it could not die) and removes the groups a container made below. */
async function emptyCgroup(directory: string): Promise<void> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) if (entry.isDirectory()) await emptyCgroup(join(directory, entry.name));
  const pids = (await readOptional(join(directory, 'cgroup.procs'))) ?? '';
  for (const pid of pids.split('\n').map(Number)) {
    if (pid > 0) kill(pid);
  }
  await rmdir(directory).catch(() => {});
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it has ended by itself
  }
}

async function readOptional(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (err) {
    if (['ENOENT', 'ESRCH', 'ENODEV'].includes((err as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw err;
  }
}
