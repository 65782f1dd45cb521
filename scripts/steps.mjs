// Shared by the scripts: where things are, one step's run with its progress line, and what decides whether it is due.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..');
/** Everything that can be made again: pnpm, its store, stamps, the starter image, test peers. */
export const cache = join(root, '.cache');
export const runtimeNode = join(root, 'bin/node');

/** An error that is told to the user as it is, without a stack. */
export class SetupError extends Error {}

/**
 * Runs a program, output kept; on failure the output is shown with the error.
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: Record<string, string | undefined>, show?: boolean }} [options] show: the program writes to our terminal
 * @returns {Promise<string>} its stdout
 */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd ?? root,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', options.show ? 'inherit' : 'pipe', options.show ? 'inherit' : 'pipe'],
    });
    let stdout = '';
    let all = '';
    child.stdout?.on('data', (chunk) => {
      stdout += chunk;
      all += chunk;
    });
    child.stderr?.on('data', (chunk) => {
      all += chunk;
    });
    child.on('error', (error) => reject(new SetupError(`${command}: ${error.message}`)));
    child.on('close', (code, signal) => {
      if (code === 0) resolve(stdout);
      else reject(new SetupError(`${command} ${args.join(' ')}: ${signal ?? `exit ${code}`}\n${all.trimEnd()}`));
    });
  });
}

/** Prints `text ...` before and the time after, on stderr, unless quiet. */
export async function step(text, quiet, work) {
  if (quiet) return work();
  const started = Date.now();
  const terminal = process.stderr.isTTY;
  process.stderr.write(terminal ? `  ${text} ...` : `  ${text} ...\n`);
  const result = await work();
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  process.stderr.write(terminal ? `\r  ${text} (${seconds} s)\u001b[K\n` : '');
  return result;
}

/** All files below the given folders and files, sorted. */
export function filesBelow(paths) {
  const files = [];
  const walk = (path) => {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat?.isDirectory()) {
      for (const name of readdirSync(path).sort()) if (name !== 'node_modules') walk(join(path, name));
    } else if (stat) files.push(path);
  };
  for (const path of paths) walk(join(root, path));
  return files;
}

/** Digest of the contents of files: a step is due when it changes. Times are not looked at: a fresh clone has new ones. */
export function contentDigest(paths) {
  const hash = createHash('sha256');
  for (const file of filesBelow(paths)) {
    hash.update(file.slice(root.length));
    hash.update('\0');
    hash.update(readFileSync(file));
  }
  return hash.digest('hex');
}

/** Does `work` unless its inputs are those of the last success and all outputs are there. @returns whether it ran */
export async function whenChanged(name, inputs, outputs, work) {
  const stamp = join(cache, 'stamps', name);
  const digest = contentDigest(inputs);
  const done = existsSync(stamp) && readFileSync(stamp, 'utf8') === digest;
  if (done && outputs.every((path) => existsSync(join(root, path)))) return false;
  await work();
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, digest);
  return true;
}
