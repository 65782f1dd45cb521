/** ContainerTop: the host's ps, cut down to the container's processes; without a ps on the host, /proc for the default columns. */
import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import type { ContainerTopResponse } from '@tsdocker/shared/types/container.ts';
import type { Container } from './container.ts';
import type { Domain } from './deps.types.ts';
import { invalid, isRestarting, notRunning, system } from './errors.ts';
import { publish } from './events.ts';

const MAX_PS_BYTES = 16 * 1024 * 1024;
const DEFAULT_ARGS = '-ef';

/** @throws InvalidParameter, Conflict not running, System ps failed or shows no PID column */
export async function topContainer(
  deps: Pick<Domain, 'events'>,
  c: Container,
  psArgs: string,
): Promise<ContainerTopResponse> {
  const args = psArgs.trim() === '' ? DEFAULT_ARGS : psArgs;
  // A renamed column could pass for the PID column.
  const renamed = /\s(\S*)=\s*(PID\S*)/.exec(` ${args}`);
  if (renamed && renamed[1] !== 'pid') throw invalid(`specifying "${renamed[1]}=${renamed[2]}" is not allowed`);
  if (c.status === 'restarting') throw isRestarting(c.id);
  if (!c.run) throw notRunning(c.id);
  const pids = await c.run.pids();
  const answer = await processList(args, pids);
  publish(deps.events, c, 'top');
  return answer;
}

async function processList(args: string, pids: number[]): Promise<ContainerTopResponse> {
  const words = args.split(/\s+/).filter((word) => word !== '');
  try {
    const output = await runPs([...words, '-q', pids.join(',')]).catch((err) => {
      // Some options do not go with -q, and busybox has none: all processes then, filtered below.
      if (isMissing(err)) throw err;
      return runPs(words);
    });
    return pickProcesses(output, new Set(pids));
  } catch (err) {
    if (!isMissing(err)) throw err;
    if (args !== DEFAULT_ARGS) throw system('ps: executable file not found in $PATH', err);
    return procList(pids);
  }
}

function isMissing(err: unknown): boolean {
  return (err as NodeJS.ErrnoException | null)?.code === 'ENOENT';
}

function runPs(args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile('ps', args, { maxBuffer: MAX_PS_BYTES, env: { ...process.env, LC_ALL: 'C' } }, (err, stdout, stderr) => {
      if (!err) resolve(stdout);
      else if (isMissing(err)) reject(err);
      // The first line says why; the rest is ps' help.
      else reject(system(`ps: ${stderr.trim().split('\n', 1)[0] || err.message}`, err));
    });
  });
}

/** Columns are split at blanks; the last one takes the rest of its line. */
export function pickProcesses(output: string, pids: ReadonlySet<number>): ContainerTopResponse {
  const [header = '', ...lines] = output.split('\n').filter((line) => line.trim() !== '');
  const titles = header.trim().split(/\s+/);
  const pidColumn = titles.indexOf('PID');
  if (pidColumn < 0) throw system("Couldn't find PID field in ps output");
  const rows = lines.map((line) => splitColumns(line, titles.length));
  return { Titles: titles, Processes: rows.filter((row) => pids.has(Number(row[pidColumn]))) };
}

function splitColumns(line: string, count: number): string[] {
  const words = line.trim().split(/\s+/);
  if (words.length <= count) return words;
  return [...words.slice(0, count - 1), words.slice(count - 1).join(' ')];
}

/** UID PID PPID C STIME TTY TIME CMD, as `ps -ef` prints them. */
async function procList(pids: number[]): Promise<ContainerTopResponse> {
  const [users, uptime] = await Promise.all([userNames(), readFile('/proc/uptime', 'utf8')]);
  const bootMillis = Date.now() - Number.parseFloat(uptime) * 1000;
  const rows = await Promise.all(pids.map((pid) => procRow(pid, users, bootMillis).catch(() => undefined)));
  const Titles = ['UID', 'PID', 'PPID', 'C', 'STIME', 'TTY', 'TIME', 'CMD'];
  return { Titles, Processes: rows.filter((row) => row !== undefined) };
}

async function procRow(pid: number, users: Map<number, string>, bootMillis: number): Promise<string[]> {
  const [line, command, owner] = await Promise.all([
    readFile(`/proc/${pid}/stat`, 'utf8'),
    readFile(`/proc/${pid}/cmdline`, 'utf8'),
    stat(`/proc/${pid}`),
  ]);
  // comm may hold blanks and parentheses; the fields behind it start after the last one. Ticks are 1/100 s to user space.
  const name = line.slice(line.indexOf('(') + 1, line.lastIndexOf(')'));
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  const [ppid, tty, utime, stime, start] = [1, 4, 11, 12, 19].map((i) => Number(fields[i])) as number[] as [
    number,
    number,
    number,
    number,
    number,
  ];
  const startedAt = bootMillis + start * 10;
  const seconds = Math.floor((utime + stime) / 100);
  const aliveSeconds = Math.max(1, (Date.now() - startedAt) / 1000);
  const cpu = Math.min(99, Math.floor(((utime + stime) / 100 / aliveSeconds) * 100));
  return [
    users.get(owner.uid) ?? String(owner.uid),
    String(pid),
    String(ppid),
    String(cpu),
    new Date(startedAt).toTimeString().slice(0, 5),
    ttyName(tty),
    [seconds / 3600, (seconds / 60) % 60, seconds % 60].map((n) => String(Math.floor(n)).padStart(2, '0')).join(':'),
    command.replace(/\0+$/, '').replaceAll('\0', ' ') || `[${name}]`,
  ];
}

function ttyName(device: number): string {
  const major = (device >> 8) & 0xfff;
  const minor = (device & 0xff) | ((device >> 12) & 0xfff00);
  return major >= 136 && major <= 143 ? `pts/${(major - 136) * 256 + minor}` : '?';
}

async function userNames(): Promise<Map<number, string>> {
  const passwd = await readFile('/etc/passwd', 'utf8').catch(() => '');
  return new Map(
    passwd
      .split('\n')
      .map((line) => line.split(':'))
      .map(([name = '', , uid]) => [Number(uid), name]),
  );
}
