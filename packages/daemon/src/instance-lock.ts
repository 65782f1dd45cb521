/** One daemon a data root. */
import { link, readFile, readlink, rename, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeFileAtomic } from './store/atomic-write.ts';

/**
 * Takes the lock, a file that names its holder by pid and start time: a pid alone may belong to another process by now.
 * @throws Error when a living daemon holds it
 * @returns gives it back
 */
export async function lockDataRoot(dataRoot: string): Promise<() => Promise<void>> {
  const path = join(dataRoot, 'daemon.lock');
  const own = `${process.pid} ${await startTime(process.pid)}\n`;
  const candidate = `${path}.${process.pid}`;
  await writeFile(candidate, own, { mode: 0o600 });
  try {
    await acquire(path, candidate);
  } finally {
    await unlink(candidate);
  }
  return async () => {
    if ((await readIfPresent(path)) === own) await unlink(path);
  };
}

async function acquire(path: string, candidate: string): Promise<void> {
  for (;;) {
    try {
      // Unlike a rename, a link never replaces what is there.
      await link(candidate, path);
      return;
    } catch (err) {
      if ((err as NodeJS.ErrnoException).code !== 'EEXIST') throw err;
    }
    const holder = await readIfPresent(path);
    if (holder === undefined) continue;
    const pid = await livingHolder(holder);
    if (pid !== undefined) {
      throw new Error(
        `another daemon (process ${pid}) runs with data root ${dirname(path)}; stop it, or choose another --data-root`,
      );
    }
    await discard(path, `${candidate}.stale`, holder);
  }
}

/** Moves a dead daemon's lock away. Another daemon may have replaced it in between: then it is put back. */
async function discard(path: string, aside: string, expected: string): Promise<void> {
  try {
    await rename(path, aside);
  } catch (err) {
    if ((err as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw err;
  }
  if ((await readFile(aside, 'utf8')) !== expected) await link(aside, path);
  await unlink(aside);
}

async function livingHolder(text: string): Promise<number | undefined> {
  const [pid = '', time = ''] = text.trim().split(' ');
  return /^\d+$/.test(pid) && time !== '' && (await startTime(Number(pid))) === time ? Number(pid) : undefined;
}

/**
 * Field 22 of /proc/<pid>/stat, clock ticks since boot; '' when there is no such process, or only what its parent has not
 * collected: a zombie holds nothing any more.
 */
async function startTime(pid: number): Promise<string> {
  const stat = (await readIfPresent(`/proc/${pid}/stat`)) ?? '';
  const [state = '', ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return state === 'Z' || state === 'X' ? '' : (rest[18] ?? '');
}

/**
 * Writes the pid file. One that names a living process running this very program is respected, as dockerd does.
 * @returns removes it again
 */
export async function writePidfile(path: string): Promise<() => Promise<void>> {
  const pid = (await readIfPresent(path))?.trim() ?? '';
  if (/^\d+$/.test(pid) && Number(pid) !== process.pid && (await isThisProgram(Number(pid)))) {
    throw new Error(
      `failed to start daemon, ensure tsdockerd is not running or delete ${path}: process with PID ${pid} is still running`,
    );
  }
  await writeFileAtomic(path, `${process.pid}\n`, { mode: 0o644, durable: false });
  return async () => {
    if ((await readIfPresent(path)) === `${process.pid}\n`) await unlink(path);
  };
}

async function isThisProgram(pid: number): Promise<boolean> {
  const executable = await readlink(`/proc/${pid}/exe`).catch(() => undefined);
  if (executable !== process.execPath) return false;
  const words = ((await readIfPresent(`/proc/${pid}/cmdline`)) ?? '').split('\0');
  return words.includes(process.argv[1] ?? '');
}

async function readIfPresent(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (err) {
    const { code } = err as NodeJS.ErrnoException;
    // ESRCH: the process ended between open and read.
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    throw err;
  }
}
