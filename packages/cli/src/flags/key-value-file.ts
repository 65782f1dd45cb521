/** The files of --env-file and --label-file: one `NAME=value` or `NAME` a line, # comments, nothing is unquoted. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { goFileError } from './file-error.ts';
import { cut } from './go-number.ts';

/** Longest line Docker takes. */
const MAX_LINE_BYTES = 64 * 1024;
const NEWLINE = 0x0a;

/**
 * Reads a file; `path` is relative to `cwd`.
 * @param lookup value of a bare `NAME`; undefined leaves the line out
 * @throws `open x: no such file or directory`, `invalid env file (x): ...`
 */
export function readKeyValueFile(path: string, cwd: string, lookup: (name: string) => string | undefined): string[] {
  let content: Buffer;
  try {
    content = readFileSync(resolve(cwd, path));
  } catch (err) {
    const isOpen = (err as NodeJS.ErrnoException).syscall === 'open';
    throw new Error(
      isOpen ? goFileError('open', path, err) : `invalid env file (${path}): ${goFileError('read', path, err)}`,
    );
  }
  try {
    return parseKeyValueLines(content, lookup);
  } catch (err) {
    throw new Error(`invalid env file (${path}): ${(err as Error).message}`);
  }
}

/** The lines of such a file, completed by `lookup`. */
export function parseKeyValueLines(content: Buffer, lookup: (name: string) => string | undefined): string[] {
  const out: string[] = [];
  let number = 0;
  for (let at = 0; at < content.length; ) {
    const newline = content.indexOf(NEWLINE, at);
    const end = newline < 0 ? content.length : newline;
    number += 1;
    const line = parseLine(content.subarray(at, end), number, lookup);
    if (line !== undefined) out.push(line);
    at = end + 1;
  }
  return out;
}

function parseLine(bytes: Buffer, number: number, lookup: (name: string) => string | undefined): string | undefined {
  const line = decode(bytes, number).trimStart();
  if (line === '' || line.startsWith('#')) return undefined;
  const { before: name, found } = cut(line, '=');
  if (name === '') throw new Error(`no variable name on line '${line}'`);
  if (/\s/.test(name)) throw new Error(`variable '${name}' contains whitespaces`);
  if (found) return line;
  const value = lookup(name);
  return value === undefined ? undefined : `${name}=${value}`;
}

function decode(bytes: Buffer, number: number): string {
  if (bytes.length >= MAX_LINE_BYTES) throw new Error('bufio.Scanner: token too long');
  const withoutReturn = bytes.at(-1) === 0x0d ? bytes.subarray(0, -1) : bytes;
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(withoutReturn);
    return number === 1 ? text.replace(/^\ufeff/, '') : text;
  } catch {
    throw new Error(`invalid utf8 bytes at line ${number}: [${[...withoutReturn].join(' ')}]`);
  }
}
