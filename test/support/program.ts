/** Runs programs the way a script would: arguments in, bytes and an exit code out. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

export interface Finished {
  stdout: string;
  stderr: string;
  /** Exit code; 128+n after signal n. */
  code: number;
}

export interface RunOptions {
  env?: Record<string, string | undefined>;
  input?: string | Buffer;
  cwd?: string;
  timeoutMs?: number;
}

const SIGNALS: Record<string, number> = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGKILL: 9, SIGTERM: 15 };

/** Never rejects for an exit code; rejects when the program cannot be started. A timeout kills it (code 137). */
export function runProgram(command: string, args: string[], options: RunOptions = {}): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? 60_000);
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({
        stdout: Buffer.concat(stdout).toString(),
        stderr: Buffer.concat(stderr).toString(),
        code: code ?? 128 + (SIGNALS[signal ?? ''] ?? 0),
      });
    });
  });
}

/** Path of a program on PATH, or undefined. */
export function findProgram(name: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** For a test's `skip` option: false when everything is there, else what is missing, by name. */
export function missing(needs: { root?: boolean; programs?: string[]; files?: string[] }): string | false {
  const lacks = [
    ...(needs.root && process.getuid?.() !== 0 ? ['root'] : []),
    ...(needs.programs ?? []).filter((program) => findProgram(program) === undefined),
    ...(needs.files ?? []).filter((file) => !existsSync(file)),
  ];
  return lacks.length > 0 ? `needs ${lacks.join(', ')}` : false;
}
